import json

import pytest

TEXT = "Ann met Bob in Rome"


def line(name, *rows, source="features"):
    spans = [
        {"start": TEXT.index(words), "end": TEXT.index(words) + len(words), "label": label}
        | ({} if p is None else {"score": p, "source": source})
        for words, label, p in rows
    ]
    return json.dumps({"id": name, "text": TEXT, "spans": spans}) + "\n"


@pytest.fixture
def labelled(tmp_path):
    rows = [("Ann", "PER", 0.9), ("Bob", "PER", 0.4), ("Rome", "LOC", 0.6)]
    (tmp_path / "labelled.jsonl").write_text(line("a", *rows) + line("b", *rows))
    (tmp_path / "gold.jsonl").write_text(line("b", ("Ann", "PER", None), ("Rome", "LOC", None)))
    return tmp_path


def spans(path):
    return [
        [
            (TEXT[s["start"] : s["end"]], s.get("source")) if isinstance(s, dict) else TEXT[s[0] : s[1]]
            for s in row
        ]
        for row in (json.loads(one)["spans"] for one in path.read_text().splitlines())
    ]


def test_thresholds_and_manifest(cli, labelled):
    done = cli(
        "silver", "labelled.jsonl", "--out", "s.jsonl", "--threshold", "0.5", "--threshold", "LOC=0.7",
        "--licence", "MIT", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert spans(labelled / "s.jsonl") == [[("Ann", "features")]] * 2
    manifest = json.loads(done.stdout)
    assert manifest == json.loads((labelled / "s.jsonl.manifest.json").read_text())
    assert manifest["selection"] == {"threshold": 0.5, "types": {"LOC": 0.7}, "only": None, "nested": False}
    assert list(manifest["inputs"]) == ["labelled.jsonl"]
    assert manifest["licences"] == ["MIT"]


def test_by_default_everything_stays(cli, labelled):
    done = cli("silver", "labelled.jsonl", "--out", "s.jsonl")
    assert "2 documents, 6 spans (LOC 2, PER 4)" in done.stderr
    assert done.stdout == ""


def test_two_sources(cli, labelled):
    (labelled / "terms.jsonl").write_text(
        line("b", ("Bob", "PER", 0.8), source="terms") + line("a", ("in Rome", "LOC", 0.7), source="terms")
    )
    assert cli("silver", "labelled.jsonl", "terms.jsonl", "--out", "s.jsonl").returncode == 0
    ids = [json.loads(one)["id"] for one in (labelled / "s.jsonl").read_text().splitlines()]
    rows = dict(zip(ids, spans(labelled / "s.jsonl"), strict=True))
    assert rows["a"] == [("Ann", "features"), ("Bob", "features"), ("in Rome", "terms")]
    assert rows["b"][1] == ("Bob", "features+terms")


@pytest.mark.parametrize(("mode", "documents"), [("replace", 2), ("concatenate", 3), ("stratified", 1)])
def test_mixtures(cli, labelled, mode, documents):
    done = cli(
        "silver", "labelled.jsonl", "--gold", "gold.jsonl", "--mix", mode, "--out", "m.jsonl", "--json"
    )
    manifest = json.loads(done.stdout)
    origins = [json.loads(one)["meta"]["origin"] for one in (labelled / "m.jsonl").read_text().splitlines()]
    assert (len(origins), origins.count("gold")) == (documents, 1)
    assert manifest["mixture"]["mode"] == mode
    assert set(manifest["inputs"]) == {"labelled.jsonl", "gold.jsonl"}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--threshold", "high"], "N001"),
        (["--gold", "gold.jsonl", "--gold-share", "2"], "N005"),
        (["--gold", "gold.jsonl", "--mix", "stir"], "N006"),
        (["--gold", "nowhere.jsonl"], "F001"),
    ],
)
def test_refusals(cli, labelled, options, code):
    done = cli("silver", "labelled.jsonl", "--out", "s.jsonl", *options)
    assert done.returncode == 2
    assert code in done.stderr
    assert not (labelled / "s.jsonl").exists()


def test_the_output_is_no_input(cli, labelled):
    assert "N008" in cli("silver", "labelled.jsonl", "--out", "labelled.jsonl").stderr
    assert "N008" in cli("silver", "labelled.jsonl", "--out", "-").stderr
