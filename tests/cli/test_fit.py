import json

import fake_source
import pytest

from silversmith.formats import read
from silversmith.sources.features import opening

PEOPLE, PLACES = ("Ada", "Alan", "Agnes", "Abe"), ("Berlin", "Boston", "Bergen", "Bath")


def labelled(count):
    """Documents in which names of people begin with A and those of places with B."""
    for n in range(count):
        person, place = PEOPLE[n % 4], PLACES[n // 4 % 4]
        text = f"In spring {person} travelled to {place} and stayed there."
        spans = [[10, 10 + len(person), "PER"], [text.index(place), text.index(place) + len(place), "LOC"]]
        yield {"id": f"d{n}", "text": text, "spans": spans}


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "load_parts", fake_source.tiny_parts)
    path = tmp_path / "gold.jsonl"
    path.write_text("\n".join(map(json.dumps, labelled(24))) + "\n")
    return path


def write(path, records):
    path.write_text("\n".join(map(json.dumps, records)) + "\n")


def test_fit_prints_what_it_mapped_and_writes_a_mapping(cli, tmp_path, corpus):
    done = cli("fit", "gold.jsonl", "--out", "mine")
    assert done.returncode == 0, done.stderr
    for part in ("mapping of 24 documents", "LOC", "PER", "no entity (O)", "held-out", "temperature"):
        assert part in done.stdout
    manifest = json.loads((tmp_path / "mine" / "manifest.json").read_text())
    assert manifest["preset"] == "general"
    assert manifest["inputs"].keys() == {"gold.jsonl"}


def test_json_has_the_numbers(cli, corpus):
    record = json.loads(cli("fit", "gold.jsonl", "--out", "mine", "--json").stdout)
    assert record["types"]["PER"]["spans"] == 24
    assert record["types"]["LOC"]["latents"] > 0
    assert 0.5 < record["held_out_f1"] <= 1


def test_an_export_says_what_fires_often_and_what_latents_are(cli, tmp_path, corpus, monkeypatch):
    from silversmith.sources.features import Mapping

    cli("fit", "gold.jsonl", "--out", "plain")
    mapped = Mapping.open(tmp_path / "plain").mapped_latents().tolist()
    often, told = mapped[0], mapped[1]
    rows = [{"index": str(often), "frac_nonzero": 0.3, "description": "everywhere"}]
    rows += [{"index": str(told), "frac_nonzero": 0.001, "description": "names of people"}]
    (tmp_path / "export").mkdir()
    write(tmp_path / "export" / "batch-0.jsonl", rows)
    done = cli("fit", "gold.jsonl", "--out", "mine", "--density", "export", "--max-density", "0.02")
    assert done.returncode == 0, done.stderr
    mapping = Mapping.open(tmp_path / "mine")
    assert mapping.dense.tolist() == [often]
    assert mapping.descriptions == {told: "names of people"}
    monkeypatch.setattr(opening, "open_features", REAL)
    write(tmp_path / "new.jsonl", [{"id": "x", "text": "In summer Amy travelled to Bonn and stayed there."}])
    cli("label", "new.jsonl", "--mapping", "mine", "--report", "page.html", "--threshold", "0")
    assert "described as names of people" in (tmp_path / "page.html").read_text()
    write(tmp_path / "export" / "batch-0.jsonl", [{"index": "1", "frac_nonzero": 0.3}])
    done = cli("fit", "gold.jsonl", "--out", "same", "--density", "export")
    assert "changes nothing without --max-density" in done.stderr
    write(tmp_path / "export" / "batch-0.jsonl", [{"index": "99999", "frac_nonzero": 0.3}])
    done = cli("fit", "gold.jsonl", "--out", "other", "--density", "export")
    assert done.returncode == 2
    assert "S028" in done.stderr


def test_a_fitted_mapping_labels_and_explains(cli, tmp_path, corpus, monkeypatch):
    cli("fit", "gold.jsonl", "--out", "mine", "--rule", "logistic")
    monkeypatch.setattr(opening, "open_features", REAL)
    write(tmp_path / "new.jsonl", [{"id": "x", "text": "In summer Amy travelled to Bonn and stayed there."}])
    done = cli("label", "new.jsonl", "--mapping", "mine", "--report", "page.html")
    assert done.returncode == 0, done.stderr
    (document,) = read(tmp_path / "silver.jsonl")
    found = {(document.covered(span), span.label) for span in document.spans}
    assert found >= {("Amy", "PER"), ("Bonn", "LOC")}
    done = cli("explain", "silver.jsonl", "--document", "x", "--mapping", "mine", "--span", "10:13")
    assert done.returncode == 0, done.stderr
    assert "“Amy”" in done.stdout
    assert "latent" in done.stdout
    assert "do not add up" not in (tmp_path / "explanation.html").read_text()


def test_threshold_and_nested_reach_the_source(cli, tmp_path, corpus, monkeypatch):
    cli("fit", "gold.jsonl", "--out", "mine")
    source = REAL(str(tmp_path / "mine"), threshold=0.9, nested=True)
    assert (source.mapping.options.t_conf, source.mapping.options.nested) == (0.9, True)


def test_few_examples_are_warned_of(cli, tmp_path, corpus):
    write(tmp_path / "few.jsonl", [*labelled(12), {"id": "z", "text": "A cat", "spans": [[2, 5, "ANIMAL"]]}])
    assert "fewer than 10 spans of ANIMAL (1)" in cli("fit", "few.jsonl", "--out", "mine").stderr


SCHEMA = '[[type]]\nname = "PER"\n'


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["gold.jsonl", "--schema", "schema.toml"], "F008"),
        (["bare.jsonl"], "R020"),
        (["gold.jsonl", "--schema", "misspelt.toml"], "C002"),
        (["gold.jsonl", "--rule", "magic"], "M002"),
        (["gold.jsonl", "--candidates", "generel"], "T001"),
        (["missing.jsonl"], "F001"),
    ],
)
def test_refusals_are_one_line_and_write_nothing(cli, tmp_path, corpus, words, code):
    (tmp_path / "schema.toml").write_text(SCHEMA)
    (tmp_path / "misspelt.toml").write_text(SCHEMA + "exmples = []\n")
    write(tmp_path / "bare.jsonl", [{"id": "x", "text": "no span"}])
    done = cli("fit", *words, "--out", "mine")
    assert (done.returncode, code in done.stderr) == (2, True), done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--mapping", "generl"], "R001"), (["--threshold", "1.5"], "R003"), (["--mapping", "."], "A001")],
)
def test_label_refuses_what_cannot_be_opened(cli, corpus, monkeypatch, words, code):
    monkeypatch.setattr(opening, "open_features", REAL)
    done = cli("label", "gold.jsonl", *words)
    assert (done.returncode, code in done.stderr) == (2, True), done.stderr


def test_a_model_that_is_none_is_refused(cli, monkeypatch):
    with pytest.raises(opening.ConfigError, match="R002"):
        opening.load_model("gpt")


REAL = opening.open_features
