"""The study of students: training texts are what their names say; noise tables count what was won back."""

import argparse
import gzip
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from experiments import students
from silversmith.core import Span


@pytest.fixture
def a(tmp_path, monkeypatch):
    monkeypatch.setattr(students, "FITTED", 4)
    folder = tmp_path / "data" / "redocred"
    folder.mkdir(parents=True)
    with gzip.open(folder / "train.jsonl.gz", "wt") as file:
        for n in range(14):
            file.write(
                json.dumps({"id": f"{n}", "text": "Ada met Bob", "spans": [[0, 3, "P"], [8, 11, "P"]]})
            )
            file.write("\n")
    return argparse.Namespace(data=tmp_path / "data", cache=tmp_path, out=tmp_path / "results")


def text_of(a, train):
    return students.train_text(a, students.Run("redocred", train, "mini", "auto", 1, 64, 0))


def test_training_texts_are_what_their_names_say(a, monkeypatch):
    seen = {}

    def silver_of(_, name, kind, fitted, left):
        seen[kind] = {one.id for one in fitted}
        return [one.with_spans((Span(0, 3, "S"),)) for one in left]

    monkeypatch.setattr(students, "silver_of", silver_of)
    assert len(text_of(a, "gold")) == 14
    rest = {one.id for one in text_of(a, "gold699")}
    assert len(rest) == 10
    silver = text_of(a, "silver")
    assert {one.id for one in silver} == rest
    assert seen["silver"] | rest == {f"{n}" for n in range(14)}
    assert {one.id for one in text_of(a, "gold30")} < rest
    mixed = text_of(a, "silver+gold30")
    gold = {one.id for one in mixed if one.spans[0].label == "P"}
    assert {one.id for one in mixed} == rest
    assert gold == {one.id for one in text_of(a, "gold30")}
    assert sum(len(one.spans) for one in text_of(a, "low_recall:0.5")) == 14


def test_what_a_loss_wins_back(a):
    def run(train, loss, f1):
        key = students.Run("wnut17", train, students.SMALL, loss, 9, 64, 0).key
        return key, {"weighted": f1, "micro": f1, "precision": f1, "recall": f1}

    rows = [("gold", "cross-entropy", 0.8), ("gold", "auto", 0.79)]
    rows += [("low_recall:0.5", "cross-entropy", 0.4), ("low_recall:0.5", "auto", 0.7)]
    a.out.mkdir()
    (a.out / students.RUNS).write_text(json.dumps(dict(run(*row) for row in rows)))
    students.tables(a)
    made = json.loads((a.out / "noise_study.json").read_text())["measures"]
    assert made["noise.recovered_at_50.wnut17"]["value"] == pytest.approx(0.75)
    assert "noise.cost_at_0" not in made  # of one set only
    assert "low_recall" in (a.out / "noise_study.svg").read_text()


def test_a_run_has_one_name():
    one = students.Run("redocred", "silver+gold30", "mini", "auto", 1200, 1024, 3)
    assert students.Run.of(one.key) == one
