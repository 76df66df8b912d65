"""`silversmith index` and `ask`, with the embedded model."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "sources" / "question"))

from question_corpus import TEXTS


@pytest.fixture
def corpus(monkeypatch, tmp_path):
    monkeypatch.setenv("SILVERSMITH_QUIET", "1")
    path = tmp_path / "text.jsonl"
    path.write_text("".join(json.dumps({"id": f"d{n}", "text": text}) + "\n" for n, text in enumerate(TEXTS)))
    return path


def test_from_text_to_terms_silver_labels_and_reasons(corpus, cli, tmp_path):
    done = cli("index", corpus, "--out", "ix", "--json")
    assert done.returncode == 0, done.stderr
    numbers = json.loads(done.stdout)
    assert numbers["documents"] == len(TEXTS)
    assert "phrases" in done.stderr  # the forecast
    again = cli("index", corpus, "--out", "ix", "--add")
    assert f"{len(TEXTS)} repeated texts left out" in again.stdout

    shown = cli("ask", "ix", "Which disease?", "--least", "0.3")
    assert shown.returncode == 0, shown.stderr
    assert "Cholera" in shown.stdout
    made = cli(
        "ask", "ix", "D=Which disease?", "C=Which city?", "--least", "0.3", "--out", "terms", "--silver",
        "silver.jsonl", "--table", "terms.tsv", "--json",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    *answers, closing = map(json.loads, made.stdout.splitlines())
    assert {one["type"] for one in answers} == {"D", "C"}
    assert [one["question"] for one in closing["questions"]] == ["Which disease?", "Which city?"]
    silver = [json.loads(line) for line in Path("silver.jsonl").read_text().splitlines()]
    assert sum(len(one["spans"]) for one in silver) >= 4

    labelled = cli("label", corpus, "--mapping", "terms", "--out", "out.jsonl", "--json")
    assert labelled.returncode == 0, labelled.stderr
    assert json.loads(labelled.stdout)["types"]["D"] > 0
    why = cli("explain", "out.jsonl", "--mapping", "terms", "--document", "d5")
    assert why.returncode == 0, why.stderr
    assert "Which disease?" in why.stdout
    assert cli("inspect", "terms").returncode == cli("inspect", "ix").returncode == 0

    Path("terms.tsv").write_text("snow\tD\n")
    edited = cli("ask", "ix", "D=Which disease?", "--edited", "terms.tsv", "--out", "mine")
    assert edited.returncode == 0, edited.stderr
    assert "1 terms of terms.tsv" in edited.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["ask", "ix", "Which?"], "Y010"),
        (["ask", "ix"], "R003"),
        (["ask", "ix", "Which city?", "--preset", "ncbi"], "R003"),
        (["ask", "ix", "--preset", "ncbj"], "Y012"),
        (["ask", "ix", "Which city?", "-o", "profil=terms"], "Y030"),
        (["ask", "nowhere", "Which city?"], "A001"),
        (["index", "empty.jsonl", "--out", "e"], "F014"),
        (["index", "text.jsonl", "--out", "new", "--add"], "R003"),
    ],
)
def test_one_line_and_nothing_written(corpus, cli, tmp_path, words, code):
    Path("empty.jsonl").write_text("")
    if words[1] == "ix":
        assert cli("index", corpus, "--out", "ix").returncode == 0
    before = sorted(Path().iterdir())
    done = cli(*words)
    assert done.returncode == 2, done.stdout + done.stderr
    assert code in done.stderr
    assert sorted(Path().iterdir()) == before


def test_a_question_without_an_answer_is_told(corpus, cli):
    assert cli("index", corpus, "--out", "ix").returncode == 0
    done = cli("ask", "ix", "Which city?", "Which spaceship?", "--least", "0.9", "--json")
    assert done.returncode == 0, done.stderr
    notes = json.loads(done.stdout.splitlines()[-1])["notes"]
    assert any("spaceship" in one for one in notes)


def test_types_are_proposed_from_an_index(corpus, cli, tmp_path):
    assert cli("index", corpus, "--out", "ix").returncode == 0
    done = cli("discover", "ix", "--out", "schema.toml", "--json")
    assert done.returncode == 0, done.stderr
    names = [json.loads(line)["name"] for line in done.stdout.splitlines()]
    assert any("disease" in name or "disorder" in name or "infection" in name for name in names), names
    assert cli("label", corpus, "--schema", "schema.toml", "--out", "out.jsonl").returncode == 0
    again = cli("discover", "ix", "--out", "schema.toml")
    assert again.returncode == 2
    assert "R003" in again.stderr
