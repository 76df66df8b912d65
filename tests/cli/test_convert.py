"""`silversmith convert`: formats, options, the report, refusals with exit code 2."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from silversmith.cli.convert import parse_options, share_options
from silversmith.cli.main import make_app
from silversmith.core import ConfigError
from silversmith.formats import find_form, read

RECORD = {"id": "a", "text": "Ada met Bob.", "spans": [[0, 3, "PER"], [0, 11, "EVENT"]]}


@pytest.fixture
def silver(tmp_path, monkeypatch):
    monkeypatch.setenv("SILVERSMITH_QUIET", "1")
    path = tmp_path / "silver.jsonl"
    path.write_text(json.dumps(RECORD) + "\n")
    return path


def call(*words: object, input: str | None = None):
    return CliRunner().invoke(make_app(["convert"]), ["convert", *map(str, words)], input=input)


def test_a_conversion_reports_what_was_lost(silver, tmp_path):
    done = call(silver, tmp_path / "x.conll")
    assert done.exit_code == 0
    assert "1 documents, 2 spans" in done.stderr
    assert "writing lost: 1 x nested or overlapping spans" in done.stderr
    assert (tmp_path / "x.conll").read_text().startswith("-DOCSTART-\tO\n\nAda\tB-EVENT\n")


def test_a_conversion_without_losses_says_so(silver, tmp_path):
    assert "nothing was lost" in call(silver, tmp_path / "x.jsonl.gz").stderr


def test_the_report_as_json(silver, tmp_path):
    done = call(silver, tmp_path / "x", "--to", "brat", "--json")
    report = json.loads(done.stdout)
    assert report["read"]["documents"] == report["written"]["documents"] == 1
    assert report["written"]["lost"] == {}


def test_stdin_to_stdout(silver):
    done = call("-", "-", "--to", "doccano", input=silver.read_text())
    assert json.loads(done.stdout)["label"] == [[0, 11, "EVENT"], [0, 3, "PER"]]


def test_options_go_where_they_belong(tmp_path, silver):
    (tmp_path / "x.conll").write_text("1\tAda\tB-PER\n")
    done = call(tmp_path / "x.conll", tmp_path / "y.conll", "-o", "token_column=1", "-o", "scheme=BIOES")
    assert done.exit_code == 0, done.stderr
    assert "S-PER" in (tmp_path / "y.conll").read_text()
    assert parse_options(["token-column=-1", "ids=a=b"]) == {"token_column": -1, "ids": "a=b"}
    with pytest.raises(ConfigError, match="F010"):
        share_options({"nope": 1}, find_form("conll"), find_form("jsonl"))
    with pytest.raises(ConfigError, match="F010"):
        parse_options(["nope"])


def test_a_bad_line_is_one_line_exit_2_and_no_output(silver, tmp_path):
    silver.write_text(json.dumps(RECORD) + '\n{"id": "b", "text": "x", "spans": [[0, 5, "PER"]]}\n')
    done = call(silver, tmp_path / "out" / "x.conll")
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert f"[D003] {silver}:2, document 'b'" in done.stderr
    assert not list((tmp_path / "out").iterdir())


def test_a_schema_refuses_other_labels(silver, tmp_path):
    (tmp_path / "schema.toml").write_text('[[type]]\nname = "PER"\n')
    done = call(silver, tmp_path / "x.conll", "--schema", tmp_path / "schema.toml")
    assert done.exit_code == 2
    assert "unknown label 'EVENT'" in done.stderr


def test_formats_are_listed():
    assert "Label Studio" in call("--formats").stdout
    rows = [json.loads(line) for line in call("--formats", "--json").stdout.splitlines()]
    assert {"jsonl", "brat", "prodigy"} <= {row["format"] for row in rows}


def test_missing_arguments_are_named(silver):
    assert "F026" in call(silver).stderr
    assert "F026" in call(silver, "-", "--json").stderr


def test_any_two_formats(silver, tmp_path):
    for name in ("brat", "labelstudio", "prodigy", "docred"):
        first, second = tmp_path / f"1{name}", tmp_path / f"2{name}.jsonl"
        assert call(silver, first, "--to", name).exit_code == 0
        assert call(first, second, "--from", name).exit_code == 0
        (document,) = read(second, "jsonl")
        assert {span.label for span in document.spans} == {"PER", "EVENT"}
