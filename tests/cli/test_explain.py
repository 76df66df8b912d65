import json

import pytest

TEXT = "The letter that Ada wrote was read in London."


@pytest.fixture
def documents(tmp_path):
    records = [
        {"id": "letter", "text": TEXT},
        {"id": "silver", "text": TEXT, "spans": [{"start": 16, "end": 19, "label": "PER", "score": 0.9}]},
        {"id": "plain", "text": "nothing here"},
    ]
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(map(json.dumps, records)) + "\n")
    return path


def test_every_span_found_is_explained_here_and_on_a_page(cli, tmp_path, documents):
    done = cli("explain", "in.jsonl", "--document", "letter")
    assert done.returncode == 0, done.stderr
    for part in (
        "“The”",
        "“Ada”",
        "“London”",
        "first letter",
        "bias",
        "score",
        "calibration",
        "rule: a capital",
    ):
        assert part in done.stdout
    page = (tmp_path / "explanation.html").read_text()
    assert page.count('<section class="why">') == 3
    assert str(tmp_path / "explanation.html") in done.stdout


def test_a_labelled_document_has_its_own_spans_explained(cli, documents):
    done = cli("explain", "in.jsonl", "--document", "silver", "--no-html")
    assert "“Ada”" in done.stdout
    assert "“London”" not in done.stdout


def test_any_span_can_be_asked_for(cli, tmp_path, documents):
    done = cli("explain", "in.jsonl", "--document", "letter", "--span", "4:10", "--html", "why.html")
    assert "“letter”" in done.stdout
    assert "no entity" in done.stdout
    assert (tmp_path / "why.html").exists()


def test_json_gives_leaves_that_add_up(cli, documents):
    done = cli("explain", "in.jsonl", "--document", "silver", "--json", "--no-html")
    (record,) = [json.loads(line) for line in done.stdout.splitlines()]
    score = sum(leaf["values"]["PER"] for leaf in record["leaves"])
    from math import exp

    assert exp(score + record["calibration"]["PER"]) == pytest.approx(record["probabilities"]["PER"])
    assert record["text"] == "Ada"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--document", "leter"], "R010"),
        (["--document", "letter", "--span", "9"], "R011"),
        (["--document", "letter", "--span", "9:9"], "R011"),
        (["--document", "letter", "--span", "0:999"], "R011"),
        (["--document", "letter", "--span=-1:3"], "R011"),
        (["--document", "plain"], "R012"),
    ],
)
def test_refusals_are_one_line_and_write_nothing(cli, tmp_path, documents, words, code):
    done = cli("explain", "in.jsonl", *words)
    assert (done.returncode, code in done.stderr) == (2, True)
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == [documents]


def test_the_nearest_id_is_named(cli, documents):
    assert 'did you mean "letter"?' in cli("explain", "in.jsonl", "--document", "leter").stderr
