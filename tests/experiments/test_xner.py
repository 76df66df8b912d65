"""The X-NER scripts run at tiny size, and count as they say."""

import gzip
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
for folder in (ROOT, ROOT / "benchmarks", ROOT / "tests" / "models"):
    sys.path.insert(0, str(folder))

TEXTS = [
    ("Ada Lovelace met Bob in Oslo .", [(0, 12, "PER"), (17, 20, "PER"), (24, 28, "LOC")]),
    ("The Red Bank of Lima won .", [(4, 12, "ORG"), (16, 20, "LOC")]),
    ("Greta visited New York and the river .", [(0, 5, "PER"), (14, 22, "LOC")]),
    ("Old people met Norwegian Bob .", [(15, 24, "MISC"), (25, 28, "PER")]),
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    from tiny_masked import tiny_masked

    from silversmith.models import masked_open

    monkeypatch.setenv("SILVERSMITH_QUIET", "1")
    monkeypatch.setattr(masked_open, "open_masked", lambda name: tiny_masked())
    place = tmp_path / "data" / "conll2003"
    place.mkdir(parents=True)
    for part in ("train", "dev", "test"):
        with gzip.open(place / f"{part}.jsonl.gz", "wt") as file:
            for n, (text, spans) in enumerate(TEXTS * 2):
                file.write(json.dumps({"id": f"{part}{n}", "text": text, "spans": spans}) + "\n")
    return tmp_path


def run(folder, *words):
    from experiments.xner import main

    fixed = [
        "--data",
        folder / "data",
        "--work",
        folder / "work",
        "--results",
        folder / "results",
        "--threads",
        1,
    ]
    main([str(word) for word in [*fixed, *words]])


def test_mining_is_scored_against_gold(folder):
    run(folder, "mine", "--methods", "two-way", "one-way", "prompt", "--top", 5)
    found = json.loads((folder / "results" / "xner_mining.json").read_text())
    assert set(found["conll2003.tiny.two-way"]["precision"]) == {"PER", "LOC", "ORG", "MISC"}
    assert found["measures"]["xner.conll.mining_gb"]["value"] > 0
    assert "not enough spans" in (folder / "results" / "xner_mining.md").read_text()


def test_answers_cut_a_ranking_where_it_gets_worse(folder):
    import argparse

    from experiments.xner_ends import _cut

    from silversmith.sources.example.mining import Mining

    run(folder, "mine", "--methods", "two-way", "--top", 40, "--examples", 3)
    mining = Mining.open(folder / "work" / "conll2003-tiny-two-way-3")
    people = [one for one in mining.ranking if one.type == 0]
    right = people[: len(people) // 2]
    gold = {(one.document, one.start, one.end, "PER") for one in right}
    asked = argparse.Namespace(best=None, asked=40, precision=0.9, mined="tiny")
    limit = _cut(mining, "conll2003", gold, asked).calibrations["PER"]
    assert limit.method == "answers"
    kept = sum(one.score <= limit.threshold for one in people)
    assert len(right) <= kept <= len(right) / 0.9 + 1
    best = argparse.Namespace(best=2, asked=None, precision=0.9, mined="tiny")
    assert _cut(mining, "conll2003", gold, best).calibrations["PER"].threshold == people[1].score


def test_thresholds_are_those_of_the_best_silver(folder):
    run(folder, "mine", "--part", "dev")
    run(folder, "choose", "--mined", "tiny")
    found = json.loads((folder / "results" / "xner_choose.json").read_text())["conll2003"]
    one, each = (found[key]["precision_recall_f1"][2] for key in ("one", "one a type"))
    assert len(set(found["one"]["thresholds"].values())) == 1
    assert each >= one > 0


def test_the_measure_is_of_the_loss_that_is_best_on_dev(folder, monkeypatch):
    from experiments import xner_ends
    from silversmith.evaluation import Score

    made = {"auto": (0.3, 0.9), "cross-entropy": (0.4, 0.1)}  # on dev, on test

    def train_and_score(silver, parts, place, loss, steps, labels, encoder):
        assert steps == 7
        assert silver
        return [(Score(f1, f1, f1, 10, 10),) * 2 for f1 in made[loss]]

    monkeypatch.setattr(xner_ends, "train_and_score", train_and_score)
    run(folder, "mine")
    run(folder, "ends", "--mined", "tiny", "--steps", 7)
    made.clear()  # a tagger that was scored is not trained again
    run(folder, "ends", "--mined", "tiny", "--steps", 7)
    found = json.loads((folder / "results" / "xner_ends.json").read_text())
    assert found["measures"]["xner.conll.micro_f1"]["value"] == pytest.approx(0.1)


def test_subtypes_of_gold_mentions(folder):
    run(folder, "subtypes")
    assert json.loads((folder / "results" / "xner_subtypes.json").read_text())["LOC"]


def test_of_overlapping_spans_and_rival_types_one_is_left():
    from experiments.xner_ends import settled

    from silversmith.sources.example.options import ExampleOptions
    from silversmith.sources.example.ranking import Ranked

    def at(score, start, end, kind):
        return Ranked(score, 0, start, end, kind, "d", 0, 0, score, "x")

    ranking = sorted([at(0.10, 0, 3, 0), at(0.12, 0, 8, 0), at(0.11, 0, 8, 1), at(0.2, 20, 24, 0)])
    left = settled(ranking, ["A", "B"], ExampleOptions().nested_margin)
    assert [(one.start, one.end) for one in left["A"]] == [(20, 24)]
    assert [(one.start, one.end) for one in left["B"]] == [(0, 8)]


def test_precision_down_a_ranking():
    from experiments.xner import precision_at, precision_recall

    from silversmith.sources.example.ranking import Ranked

    spans = [Ranked(n / 10, n, 0, 3, 0, f"{n}", 0, 0, 0.0, "x") for n in range(4)]
    gold = {(0, 0, 3, "A"), (2, 0, 3, "A"), (9, 0, 3, "A"), (1, 0, 3, "B")}
    assert precision_at(spans, gold, "A", 4) == 0.5
    assert precision_at(spans, gold, "A", 5) is None
    assert precision_recall(spans, gold, "A")[-1] == (2 / 3, 0.5)


def test_shots_and_the_surest_spans():
    from experiments.xner_shots import certain, few_shot

    from silversmith.core import Document, Span, Vote

    sentences = [Document(f"{n}", "Ada met Oslo", (Span(0, 3, "AB"[n % 2]),)) for n in range(10)]
    drawn = few_shot(sentences, 2, 0)
    assert sorted(one.spans[0].label for one in drawn)[:2] == ["A", "A"]
    assert len(drawn) >= 4
    votes = [[Vote(one.id, 0, 3, {"A": 0.5 + n / 20}, "t")] for n, one in enumerate(sentences)]
    assert [one.id for one in certain(sentences, votes, 0.2)] == ["8", "9"]


def test_the_benchmark_compares_both_ways(tmp_path):
    import mining
    from experiments.xner_sets import schema_of
    from tiny_masked import tiny_masked

    from silversmith.sources.example.options import ExampleOptions

    path = tmp_path / "text.jsonl"
    lines = [json.dumps({"id": f"{n}", "text": text, "spans": []}) for n, (text, _) in enumerate(TEXTS)]
    path.write_text("\n".join(lines))
    chosen = ExampleOptions().changed(threshold=0.004)
    sentences = mining.first_sentences(path, 3, chosen)
    assert len(sentences) == 3
    found = mining.compare(tiny_masked(), schema_of("conll2003"), sentences, chosen)
    assert found.same_order
    assert found.kept > 0
    assert found.largest_gap < 1e-5
    assert found.plain_positions > 2 * found.fast_positions
