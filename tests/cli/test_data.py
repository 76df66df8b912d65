"""`silversmith data`: list, show, verify, convert."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from silversmith.cli.main import make_app
from silversmith.core import Document, Span
from silversmith.formats import datasets, write
from silversmith.formats.datasets import DataSet, Split


@pytest.fixture
def tiny(monkeypatch):
    split = Split(
        documents=1, spans=1, sha256="0" * 64, file="t.conll", format="conll", options={"ids": "t-{}"}
    )
    facts = {"about": "a", "source": ["o/r @ c"], "licence": "l", "cite": "c", "how": "h", "types": ["PER"]}
    one = DataSet(name="tiny", research_only=True, splits={"test": split}, **facts)
    monkeypatch.setattr(datasets, "data_sets", lambda: {"tiny": one})
    monkeypatch.setattr("silversmith.cli.data.data_sets", lambda: {"tiny": one})


def call(*words: object):
    return CliRunner().invoke(make_app(["data"]), ["data", *map(str, words)])


def test_every_data_set_is_listed():
    done = call()
    assert done.exit_code == 0
    assert "redocred" in done.stdout
    assert "research use only" in done.stdout
    assert len(call("list", "--json").stdout.splitlines()) == len(datasets.data_sets())


def test_show_says_where_the_original_is():
    done = call("show", "redocred")
    assert "tonytan48/Re-DocRED @ ccfb54f5ddf5836027c87badda10f6dfc56efaac" in done.stdout
    assert "--split dev --original data/dev_revised.json" in done.stdout
    assert call("redocred").stdout == done.stdout
    assert json.loads(call("show", "anem", "--json").stdout)["research_only"] is True


def test_verify_and_convert(tiny, tmp_path):
    done = call("verify", "--data", tmp_path)
    assert done.exit_code == 2
    assert "missing" in done.stdout
    (tmp_path / "t.conll").write_text("Ada\tB-PER\n")
    words = ("--split", "test", "--data", tmp_path)
    assert call("convert", "tiny", "--original", tmp_path / "t.conll", *words).exit_code == 0
    done = call("verify", "tiny", "--data", tmp_path, "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["state"] == "other bytes"
    write([Document("a", "Ada Bob", (Span(0, 3, "X"), Span(4, 7, "X")))], tmp_path / "tiny" / "test.jsonl.gz")
    done = call("verify", "--data", tmp_path)
    assert done.exit_code == 2
    assert "F027" in done.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("shwo",), "F026"),
        (("show",), "F026"),
        (("show", "tinny"), "F022"),
        (("verify",), "F026"),
        (("convert", "tiny", "--data", "x"), "F026"),
    ],
)
def test_what_is_missing_is_said(tiny, words, code):
    done = call(*words)
    assert done.exit_code == 2
    assert code in done.stderr
