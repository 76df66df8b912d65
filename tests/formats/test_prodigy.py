"""Prodigy: the inclusive token_end, answers, refusals."""

from __future__ import annotations

import json

import pytest

from silversmith.core import Document, Span
from silversmith.formats import read, write

TOKENS = [
    {"text": "Ada", "start": 0, "end": 3, "id": 0, "ws": True},
    {"text": "L.", "start": 4, "end": 6, "id": 1, "ws": False},
    {"text": "\n", "start": 6, "end": 7, "id": 2, "ws": False},
    {"text": "ran", "start": 7, "end": 10, "id": 3, "ws": False},
]
TEXT = "Ada L.\nran"


def task(**content) -> str:
    return (
        json.dumps({"text": TEXT, "tokens": TOKENS, "answer": "accept", "_input_hash": 1, **content}) + "\n"
    )


def test_token_end_is_inclusive(put):
    (document,) = read(put("x.jsonl", task(spans=[{"token_start": 0, "token_end": 1, "label": "PER"}])))
    assert document.spans == (Span(0, 6, "PER"),)
    assert document.words == ((0, 3), (4, 6), (7, 10))


def test_what_was_not_accepted_is_counted(put):
    text = task(answer="reject") + task(answer="ignore") + task(meta={"id": "m", "source": "s"})
    reading = read(put("x.jsonl", text))
    (document,) = reading
    assert reading.format == "prodigy"
    assert (document.id, document.meta) == ("m", {"id": "m", "source": "s"})
    assert reading.losses.lost["tasks with the answer 'reject'"].count == 1


@pytest.mark.parametrize(
    ("span", "code"),
    [
        ({"start": 0, "end": 6, "token_start": 0, "token_end": 2, "label": "X"}, "F019"),
        ({"start": 0, "end": 3, "token_start": 0, "token_end": 4, "label": "X"}, "F017"),
        ({"token_start": 1, "token_end": 0, "label": "X"}, "F017"),
        ({"token_start": "0", "token_end": 0, "label": "X"}, "F017"),
        ({"start": 0, "end": 99, "label": "X"}, "D003"),
        ({"start": 0, "end": 3}, "F011"),
    ],
)
def test_refusals(put, refused, span, code):
    path = put("bad.jsonl", task() + task(id="b", spans=[span]))
    found, line = refused(path, "prodigy")
    assert found == code
    assert f"{path}:2" in line


def test_written_token_numbers_are_inclusive(tmp_path):
    words = ((0, 3), (4, 6), (7, 10))
    losses = write(
        [Document("a", TEXT, (Span(0, 6, "X"), Span(0, 5, "Y")), words)], tmp_path / "x.jsonl", "prodigy"
    )
    record = json.loads((tmp_path / "x.jsonl").read_text())
    assert record["spans"][0] == {"start": 0, "end": 6, "label": "X", "token_start": 0, "token_end": 1}
    assert "token_end" not in record["spans"][1]
    assert [token["ws"] for token in record["tokens"]] == [True, False, False]
    assert losses.noted["spans that are not at words (written without token numbers)"].count == 1
