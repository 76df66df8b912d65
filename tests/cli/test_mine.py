"""`silversmith mine`, with a tiny random model."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))

TEXTS = [
    "Ada Lovelace met Bob in Oslo .",
    "The red bank of Lima won .",
    "Greta visited New York and the river .",
]


@pytest.fixture
def mine(cli, monkeypatch, tmp_path):
    from tiny_masked import tiny_masked

    from silversmith.sources import example
    from silversmith.sources.example import opening

    model = tiny_masked()
    for module in (example, opening):
        monkeypatch.setattr(module, "load_masked", lambda name: model)
    monkeypatch.setenv("SILVERSMITH_QUIET", "1")
    (tmp_path / "text.jsonl").write_text(
        "\n".join(json.dumps({"id": f"d{n}", "text": text, "spans": []}) for n, text in enumerate(TEXTS))
    )

    def call(*words):
        return cli("mine", "text.jsonl", "--out", "m", *words)

    return call


EXAMPLES = ("--example", "PER=Ada Lovelace", "--example", "LOC=Paris")


def test_from_text_to_mining_silver_labels_and_reasons(mine, cli, tmp_path):
    done = mine(*EXAMPLES, "--top", 4, "--silver", "silver.jsonl", "--questions", "q.tsv", "--suggest")
    assert done.returncode == 0, done.stderr
    assert "silversmith label TEXTS --mapping m" in done.stdout
    assert "second example" in done.stderr
    assert (tmp_path / "q.tsv").read_text().count("\n") == 9
    silver = [json.loads(line) for line in (tmp_path / "silver.jsonl").read_text().splitlines()]
    assert any(one["spans"] for one in silver)
    assert not (tmp_path / "m.part.jsonl").exists()
    labelled = cli("label", "text.jsonl", "--mapping", "m", "--out", "out.jsonl", "--json")
    assert labelled.returncode == 0, labelled.stderr
    assert json.loads(labelled.stdout)["spans"] > 0
    fewer = cli(
        "label", "text.jsonl", "--mapping", "m", "--threshold", "0.99", "--out", "few.jsonl", "--json"
    )
    assert json.loads(fewer.stdout)["spans"] < json.loads(labelled.stdout)["spans"]
    why = cli("explain", "text.jsonl", "--mapping", "m", "--document", "d0", "--span", "0:12")
    assert why.returncode == 0, why.stderr
    assert "before it" in why.stdout
    assert "<svg" in (tmp_path / "explanation.html").read_text()


def test_answers_move_the_thresholds_without_mining_again(mine, tmp_path, monkeypatch):
    assert mine(*EXAMPLES, "--top", 6, "--json").returncode == 0
    from silversmith.sources import example

    monkeypatch.setattr(example, "mine", None)
    lines = [f"PER\t{0.0001 * n}\td0\t0\t1\tx\t{'y' if n < 15 else 'n'}" for n in range(25)]
    (tmp_path / "a.tsv").write_text("\n".join(lines))
    done = mine(*EXAMPLES, "--answers", "a.tsv", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["types"]
    assert found["PER"]["method"] == "answers"
    assert found["PER"]["threshold"] == pytest.approx(0.0015)
    assert found["LOC"]["method"] == "top"


def test_options_reach_the_span_test(mine, tmp_path):
    done = mine(*EXAMPLES, "--threshold", "0.01", "--threshold", "LOC=0.02", "-o", "ways=sentence", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads((tmp_path / "m" / "mining.json").read_text())
    assert facts["options"]["ways"] == "sentence"
    assert (facts["options"]["threshold"], facts["options"]["thresholds"]) == (0.01, {"LOC": 0.02})


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), "X012"),
        (("--example", "Bob"), "X016"),
        (("--example", "PER={span}"), "X013"),
        (("--example", "PER=\ue000"), "X014"),
        ((*EXAMPLES, "--template", "The {name}"), "X010"),
        ((*EXAMPLES, "--longest", "1", "-o", 'stop_words=["bob"]', "--format", "csv"), "F013"),
        ((*EXAMPLES, "-o", "tempo=1"), "X001"),
        ((*EXAMPLES, "-o", "tempo"), "X002"),
        ((*EXAMPLES, "--longest", "1"), "X030"),
    ],
)
def test_refusals_are_one_line_and_write_nothing(mine, tmp_path, words, code):
    done = mine(*words)
    assert done.returncode == 2
    assert f"[{code}]" in done.stderr
    assert done.stderr.count("\n") <= 2
    assert not (tmp_path / "m").exists()


def test_another_folder_is_not_overwritten(mine, tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "mine.txt").write_text("keep me")
    done = mine(*EXAMPLES)
    assert done.returncode == 2
    assert "[R003]" in done.stderr


def test_a_mining_takes_no_option_of_mappings(mine, cli):
    assert mine(*EXAMPLES, "--top", 3).returncode == 0
    done = cli("label", "text.jsonl", "--mapping", "m", "--nested")
    assert done.returncode == 2
    assert "[R003]" in done.stderr
