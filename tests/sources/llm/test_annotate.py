"""Annotation against a real server: what it does well, badly, slowly, and not at all."""

import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silversmith.core import ConfigError, Document, EntityType, Schema
from silversmith.core.errors import LLMError
from silversmith.sources.llm import LLM, Annotator, ChatClient, ClientOptions, open_prompt, schema_prompt
from silversmith.sources.llm.cache import AnswerCache
from silversmith.sources.llm.parsing import parse_answer
from silversmith.sources.llm.passages import passages_of
from silversmith.sources.llm.run import Prices, estimate
from silversmith.testing.check_source import check_source
from silversmith.text.grounding import ground


def client(server, **options):
    values = {"timeout": 5.0, "wait": 0.01, "longest": 0.2, **options}
    return ChatClient(ClientOptions(server.url, "test", **values))


def annotate(server, texts, **options):
    keys = ("cache", "workers", "prices")
    rest = {name: options.pop(name) for name in keys if name in options}
    annotator = Annotator(client(server, **options), open_prompt(), **rest)
    documents = [Document(f"d{n}", text) for n, text in enumerate(texts)]
    return annotator, list(annotator.annotate(documents))


def strings(document):
    return [(document.text[s.start : s.end], s.label) for s in document.spans]


def test_answers_become_spans_at_every_place(serve):
    _, found = annotate(serve(), ["Ada met Bob. Later Ada left.", "nothing here", ""])
    assert strings(found[0]) == [("Ada", "name"), ("Bob", "name"), ("Later", "name"), ("Ada", "name")]
    assert strings(found[1]) == strings(found[2]) == []


@pytest.mark.parametrize("bad", [429, 500, 503, "cut", ("raw", b"<html>"), ("raw", b'{"choices": []}')])
def test_what_may_pass_is_asked_again(serve, bad):
    server = serve(lambda number, text: bad if number < 2 else None)
    annotator, found = annotate(server, ["Ada met Bob."])
    assert strings(found[0]) == [("Ada", "name"), ("Bob", "name")]
    assert sum(annotator.chat.retries.values()) == 2


def test_the_servers_own_wait_is_kept(serve):
    server = serve(lambda number, text: 429 if number == 0 else None, retry_after=0.15)
    begin = time.monotonic()
    annotate(server, ["Ada met Bob."], wait=0.0)
    assert time.monotonic() - begin >= 0.15


@pytest.mark.parametrize(
    ("bad", "code"), [(401, "J003"), (403, "J003"), (400, "J004"), (404, "J004"), (500, "J005")]
)
def test_refusals_are_one_line_without_the_key(serve, monkeypatch, bad, code):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    server = serve(lambda number, text: bad)
    with pytest.raises(LLMError, match=code) as caught:
        annotate(server, ["Ada met Bob."], tries=3)
    assert "\n" not in str(caught.value)
    assert "sk-secret" not in str(caught.value)
    assert server.keys[0] == "Bearer sk-secret"


def test_a_slow_and_an_endless_answer_are_given_up(serve):
    with pytest.raises(LLMError, match=r"J005.*2 tries"):
        annotate(serve(lambda n, t: ("slow", 1.0)), ["Ada."], timeout=0.1, tries=2)
    with pytest.raises(LLMError, match="J005"):
        annotate(serve(lambda n, t: "A <> b\n" * 400_000), ["Ada."], tries=2, largest=1_000_000)


@pytest.mark.parametrize(
    ("answer", "spans", "reason"),
    [
        ("Certainly! Here is what I found in it.", [], "no pair"),
        ("", [], None),
        ("Grace <> name <> x", [], "not in the text"),
        ('{"entities": [{"phrase": "Ada", "type": "Person"}, {"phrase": "Bo', [("Ada", "person")], None),
        ('```json\n[{"text": "Ada", "label": "person"}]\n```', [("Ada", "person")], None),
        ("1. Ada <> person <> x\n- Bob <> entity <> y", [("Ada", "person")], "uninformative"),
        ("ada <> persona", [("Ada", "persona")], None),
        ("Ada <> a very long sentence that is no category <> x", [], "uninformative"),
    ],
)
def test_odd_answers_lose_nothing_else(serve, answer, spans, reason):
    annotator, found = annotate(serve(lambda n, t: answer), ["Ada met Bob."])
    assert strings(found[0]) == spans
    if reason:
        assert annotator.counts.left[reason] == 1


def test_each_request_is_sent_once_whatever_the_number_of_workers(serve, tmp_path):
    server = serve()
    texts = [f"Ada met Bob{n}." for n in range(60)]
    cache = tmp_path / "answers.jsonl"
    _, one = annotate(server, texts, workers=16, cache=AnswerCache(cache))
    assert sorted(server.asked) == sorted(texts)
    annotator, other = annotate(server, texts, workers=3, cache=AnswerCache(cache))
    assert one == other
    assert len(server.asked) == 60
    assert annotator.counts.known == 60


def test_a_cut_line_of_the_cache_is_dropped(tmp_path):
    path = tmp_path / "answers.jsonl"
    cache = AnswerCache(path)
    cache.put("a", {"text": "1"})
    cache.put("b", {"text": "2"})
    path.write_bytes(path.read_bytes()[:-5])
    again = AnswerCache(path)
    assert again.get("a") == {"text": "1"}
    assert again.get("b") is None
    again.put("c", {"text": "3"})
    assert AnswerCache(path).answers.keys() == {"a", "c"}


def test_the_budget_stops_it_and_more_goes_on(serve, tmp_path):
    server = serve()
    texts = [f"Ada met Bob{n}." for n in range(30)]
    cache = tmp_path / "answers.jsonl"
    prices = Prices(read=1e4, written=0.0, budget=5.0)  # one request costs 1
    with pytest.raises(LLMError, match="J007"):
        annotate(server, texts, workers=1, prices=prices, cache=AnswerCache(cache))
    assert 5 <= len(server.asked) <= 7
    _, found = annotate(server, texts, workers=4, cache=AnswerCache(cache))
    assert len(found) == 30
    assert len(server.asked) == 30


def test_an_estimate_sends_nothing():
    found = estimate([Document("d", "Ada met Bob. " * 500)], open_prompt(), Prices(1.0, 2.0))
    assert found["requests"] == len(list(passages_of(Document("d", "Ada met Bob. " * 500))))
    assert found["cost"] == pytest.approx((found["read"] + 2 * found["written"]) / 1e6)


@pytest.mark.parametrize(
    ("url", "code"), [("localhost:80", "J001"), ("ftp://a/v1", "J001"), ("http://me:key@host/v1", "J002")]
)
def test_addresses(url, code):
    with pytest.raises(ConfigError, match=code):
        ChatClient(ClientOptions(url, "m"))


@given(st.text(max_size=80), st.text(min_size=1, max_size=8))
def test_grounded_places_hold_the_phrase(text, phrase):
    for start, end in ground(text, phrase):
        assert " ".join(text[start:end].lower().split()) == " ".join(phrase.lower().split()) or (
            text[start:end].lower() == phrase.strip().lower()
        )


def test_grounding_falls_back_in_order():
    assert ground("IT is it", "it") == [(6, 8)]
    assert ground("New  York", "new york") == [(0, 9)]
    assert ground("cats and a cat", "cat") == [(11, 14)]
    assert ground("C++ (x)", "C++") == [(0, 3)]


@given(st.text(max_size=200))
def test_no_answer_breaks_the_parser(answer):
    pairs, _ = parse_answer(answer)
    assert all(phrase and kind for phrase, kind in pairs)
    parse_answer(answer, ("person",))


def test_passages_cover_a_document():
    text = " ".join(f"Sentence number {n} is here." for n in range(300)) + " " + "x" * 20_000
    ranges = list(passages_of(Document("d", text)))
    covered = "".join(text[start:end] for start, end in ranges)
    assert covered.replace(" ", "") == text.replace(" ", "")
    assert all(a[1] <= b[0] for a, b in pairwise(ranges))
    assert max(end - start for start, end in ranges) <= 6000


class Stub:
    """Answers without a server."""

    place = "stub"

    def body(self, message, shape):
        return {"m": message}

    def close(self):
        pass

    def ask(self, body):
        text = body["m"].rpartition("Text: ")[2]
        names = [w.strip(".,") for w in text.split() if w[:1].isupper()]
        return {"text": "\n".join(f"{name} <> person" for name in names), "in": 1, "out": 1}


def test_battery(tmp_path):
    schema = Schema(types=(EntityType(name="Person", description="a human"), EntityType(name="Place")))
    check_source(
        lambda: LLM(schema, Stub()),
        documents=[Document("a", "Ada met Bob."), Document("b", "In Leeds Ada slept.")],
        save=lambda one, folder: one.save(folder),
        load=lambda folder: LLM.open(folder, Stub()),
        folder=tmp_path,
        missing={"a type": lambda: LLM(Schema(types=()), Stub())},
    )


def test_types_are_named_in_the_prompt_and_others_left_out():
    schema = Schema(types=(EntityType(name="Dish", description="food on a plate", examples=("ramen",)),))
    prompt = schema_prompt(schema)
    assert "- Dish: food on a plate (such as ramen)" in prompt.fill("x")
    assert prompt.shape()["json_schema"]["schema"]["properties"]["entities"]["items"]["properties"]["type"][
        "enum"
    ] == ["Dish"]
    pairs, left = parse_answer("ramen <> dish\nTokyo <> City", prompt.types)
    assert pairs == [("ramen", "Dish")]
    assert left["not a type"] == 1


def test_a_killed_command_goes_on(serve, tmp_path):
    """kill -9 in the middle: no text is asked for twice but those on their way, none is lost or doubled."""
    server = serve(lambda number, text: ("slow", 0.01))
    records = [{"id": f"d{n}", "text": f"Ada met Bob{n}."} for n in range(400)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    command = [sys.executable, "-m", "silversmith", "annotate", "in.jsonl", "--url", server.url]
    command += ["--out", "out.jsonl", "--concurrency", "8"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    begun = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    while len(server.asked) < 100 and begun.poll() is None:
        time.sleep(0.01)
    os.kill(begun.pid, signal.SIGKILL)
    begun.wait()
    assert not (tmp_path / "out.jsonl").exists()
    first = len(server.asked)
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [one["id"] for one in found] == [one["id"] for one in records]
    assert all(len(one["spans"]) == 2 for one in found)
    assert len(server.asked) - 400 <= 16
    assert first < 400
