"""Packing the bundled mapping, with the embedded model."""

import json

import pytest

from silversmith.sources.features import opening

OPEN = opening.open_features
TEXTS = (
    "Ada Lovelace wrote to Charles Babbage in London on 5 June 1843.",
    "The University of Oxford bought three steam engines from a firm in Leeds.",
)


@pytest.fixture
def gold(cli, tmp_path, monkeypatch):
    """Two documents with a few gold spans; mappings are opened as users open them."""
    monkeypatch.setattr(opening, "open_features", OPEN)
    spans = ([[0, 12, "PER"], [41, 47, "LOC"]], [[0, 24, "ORG"], [67, 72, "LOC"]])
    path = tmp_path / "gold.jsonl"
    records = [{"id": f"d{n}", "text": TEXTS[n], "spans": spans[n]} for n in range(2)]
    path.write_text("\n".join(map(json.dumps, records)) + "\n")
    return path


def packed(cli, *options):
    return cli("pack", "general", "--out", "small", "--texts", "gold.jsonl", "--mode", "pack", *options)


def test_a_pack_labels_in_place_of_the_mapping(cli, tmp_path, gold):
    done = packed(cli, "--check", "gold.jsonl")
    assert done.returncode == 0, done.stderr
    for part in ("wrote small", "latents", "spans are alike", "weighted F1, exact"):
        assert part in done.stdout
    done = cli("label", "gold.jsonl", "--mapping", "small", "--out", "found.jsonl")
    assert done.returncode == 0, done.stderr
    assert '"PER"' in (tmp_path / "found.jsonl").read_text()


def test_json_tells_what_was_kept(cli, gold):
    record = json.loads(packed(cli, "--latents", "30", "--json").stdout)
    assert record["latents"]["kept"] <= 30 < record["latents"]["of"]
    assert 0 < record["bytes"] < record["bytes_of_whole_encoder"]


@pytest.mark.parametrize(
    ("options", "code", "remedy"),
    [
        (("general", "--mode", "pak"), "M033", "pack"),
        (("general",), "M030", "--mode pack"),
        (("nowhere",), "R001", "folder made by fit"),
    ],
)
def test_wrong_options_are_one_line(cli, tmp_path, gold, options, code, remedy):
    done = cli("pack", *options, "--out", "small")
    assert done.returncode == 2
    assert code in done.stderr
    assert remedy in done.stderr
    assert not (tmp_path / "small").exists()
