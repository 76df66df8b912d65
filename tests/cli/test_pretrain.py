"""pretrain by the command line, then label with what it made; types by name with mini."""

import json

import pytest

from silversmith.sources.features import opening

OPEN = opening.open_features
SENTENCES = [
    ("{} sailed to {} in spring .", "sailor", "harbour"),
    ("In {1} the baker {0} opened a shop .", "baker", "town"),
]
NAMES = ("Ada Moss", "Bert Hale", "Cleo Rand", "Dirk Stone")
PLACES = ("Bergen", "Porto", "Ghent", "Turku")


@pytest.fixture
def annotated(tmp_path):
    """Forty sentences with free concepts."""
    records = []
    for n in range(40):
        frame, who, where = SENTENCES[n % 2]
        name, place = NAMES[n % 4], PLACES[(n // 4) % 4]
        text = f"{n}: " + frame.format(name, place)
        spans = [[text.index(name), text.index(name) + len(name), who]]
        spans.append([text.index(place), text.index(place) + len(place), where])
        records.append({"id": f"s{n}", "text": text, "spans": spans})
    path = tmp_path / "annotated.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    (tmp_path / "new.txt").write_text("Edith Vance sailed to Genoa in spring.")
    return path


def test_pretrain_then_label_by_name(cli, tmp_path, annotated):
    words = ("pretrain", "annotated.jsonl", "--out", "mine", "--epochs", "2", "--texts", "8", "--held", "0.2")
    done = cli(*words, "--threads", "1")
    assert done.returncode == 0, done.stderr
    for part in ("40 documents", "concepts", "average precision", "wrote mine"):
        assert part in done.stdout
    assert "map" in done.stderr
    done = cli("label", "new.txt", "--types", "sailor, harbour", "--model", "mine", "--threshold", "0.01")
    assert done.returncode == 0, done.stderr
    (record,) = map(json.loads, (tmp_path / "silver.jsonl").read_text().splitlines())
    assert {one["source"] for one in record["spans"]} == {"concept"}
    assert "concept-encoder" in cli("inspect", "mine").stdout


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--taps", "2,9"), "O005"),
        (("--taps", "a"), "O005"),
        (("--train-blocks", "9"), "O005"),
        (("--encoder", "nowhere"), "S047"),
        (("--candidates", "opn"), "T001"),
    ],
)
def test_wrong_options_are_one_line(cli, annotated, options, code):
    done = cli("pretrain", "annotated.jsonl", "--out", "mine", *options)
    assert done.returncode == 2
    assert code in done.stderr


def test_documents_without_concepts_are_refused(cli, tmp_path):
    (tmp_path / "a.txt").write_text("nothing is marked")
    done = cli("pretrain", "a.txt", "--out", "mine")
    assert done.returncode == 2
    assert "O001" in done.stderr


def test_mini_finds_types_by_name_and_says_why(cli, tmp_path):
    (tmp_path / "a.txt").write_text("In 1843 Ada Lovelace wrote to Charles Babbage in London.")
    done = cli("label", "a.txt", "--types", "person, city=town", "--report", "page.html")
    assert done.returncode == 0, done.stderr
    (record,) = map(json.loads, (tmp_path / "silver.jsonl").read_text().splitlines())
    found = {(record["text"][one["start"] : one["end"]], one["label"]) for one in record["spans"]}
    assert found >= {("Ada Lovelace", "person"), ("London", "city")}
    assert "types by name: person, city" in (tmp_path / "page.html").read_text()
    done = cli("explain", "a.txt", "--document", "a", "--types", "person, city", "--span", "49:55")
    assert done.returncode == 0, done.stderr
    assert 'like "city"' in " ".join(done.stdout.split())
