"""The data sets: facts in order, files checked against them, originals converted."""

from __future__ import annotations

import json
import re

import pytest

from silversmith.core import ConfigError, DataError, Document, Span
from silversmith.formats import datasets, forms, write
from silversmith.formats.datasets import (
    DataSet,
    Split,
    convert_dataset,
    data_sets,
    find_data_set,
    load_dataset,
    verify_dataset,
)

DOCUMENTS = [Document("tiny-dev-0000", "Ada ran", (Span(0, 3, "PER"),), ((0, 3), (4, 7)), ((0, 7),))]


@pytest.fixture
def tiny(monkeypatch):
    """A data set of one document in place of the real ones."""
    facts = {
        "about": "a",
        "source": ["o/r @ c"],
        "licence": "l",
        "cite": "c",
        "how": "by hand",
        "types": ["PER"],
    }
    options = {"ids": "tiny-dev-{:04d}", "drop": "Leak"}
    dev = Split(documents=1, spans=1, sha256="0" * 64, file="dev.json", format="docred", options=options)
    other = Split(documents=1, spans=1, sha256="0" * 64)
    one = DataSet(name="tiny", research_only=False, splits={"dev": dev, "test": other}, **facts)
    monkeypatch.setattr(datasets, "data_sets", lambda: {"tiny": one})


def test_every_data_set_is_described_in_full():
    for one in data_sets().values():
        assert one.about.endswith((".", ")"))
        assert one.licence
        assert one.cite
        assert one.how
        assert one.types
        for place in one.source:
            assert re.match(r"[\w.-]+/[\w.-]+ @ [0-9a-f]{12,40}( \(.+\))?$", place)
        for split in one.splits.values():
            assert re.fullmatch("[0-9a-f]{64}", split.sha256)
            assert (split.file is None) == (split.format is None)
            if split.format:
                options = set(split.options) - {"drop"}
                assert options <= set(forms()[split.format].options(writing=False))


def test_research_only_sets_are_marked():
    marked = {name for name, one in data_sets().items() if one.research_only}
    assert {"anem", "bc5cdr", "conll2003", "jnlpba", "wnut16", "tweebank-ner", "mit_movie"} <= marked
    assert "redocred" not in marked


def test_counts_are_those_of_the_published_sets():
    assert [(one.documents, one.spans) for one in find_data_set("conll2003").splits.values()] == [
        (946, 23499),
        (216, 5942),
        (231, 5648),
    ]


def test_files_with_the_right_counts_are_loaded(tiny, tmp_path):
    write(DOCUMENTS, tmp_path / "tiny" / "dev.jsonl.gz")
    assert load_dataset("tiny", "dev", tmp_path) == DOCUMENTS
    states = [(split, state) for split, state, _ in verify_dataset("tiny", tmp_path)]
    assert states == [("dev", "other bytes"), ("test", "missing")]


def test_files_with_other_counts_are_refused(tiny, tmp_path):
    write([Document("a", "x")], tmp_path / "tiny" / "dev.jsonl.gz")
    with pytest.raises(DataError, match=r"F024.*1 documents and 0 spans; the data set has 1 and 1"):
        load_dataset("tiny", "dev", tmp_path)
    assert next(verify_dataset("tiny", tmp_path))[1] == "wrong"


def test_originals_are_converted_and_leaks_dropped(tiny, put, tmp_path):
    mention = {"name": "Ada", "sent_id": 0, "pos": [0, 1], "type": "PER"}
    record = {"title": "T", "sents": [["Ada", "ran"]], "vertexSet": [[mention]]}
    original = put("dev.json", json.dumps([record | {"title": "Leak"}, record]))
    convert_dataset("tiny", "dev", original, tmp_path)
    (found,) = load_dataset("tiny", "dev", tmp_path)
    assert (found.id, found.spans, found.meta) == ("tiny-dev-0000", DOCUMENTS[0].spans, {"title": "T"})


def test_another_version_of_the_original_is_refused(tiny, put, tmp_path):
    original = put("dev.json", json.dumps([{"title": "T", "sents": [["Ada"]], "vertexSet": []}]))
    with pytest.raises(DataError, match="F024"):
        convert_dataset("tiny", "dev", original, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_unknown_names_are_refused(tiny, tmp_path):
    with pytest.raises(ConfigError, match="F022"):
        load_dataset("tinny", "dev", tmp_path)
    with pytest.raises(ConfigError, match="F023"):
        load_dataset("tiny", "train", tmp_path)
    with pytest.raises(ConfigError, match=r"F025.*by hand"):
        convert_dataset("tiny", "test", tmp_path / "x", tmp_path)
    with pytest.raises(DataError, match="F001"):
        load_dataset("tiny", "dev", tmp_path)
