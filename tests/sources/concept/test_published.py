"""NuNER's published layout."""

import gzip
import json
from collections import Counter

import pytest

from silversmith.core import DataError
from silversmith.sources.concept.annotations import Annotations
from silversmith.sources.concept.published import is_published, read_published

RECORDS = [
    {
        "input": "Oslo and oslo , New York",
        "output": ["Oslo <> City. <> a town", "New York <> city", "Paris <> city", "no pair", "<> city"],
    },
    {"input": "a thing of Bergen", "output": "['Bergen <> city', 'thing <> Concept <> any']"},
    {"input": "Hull again", "output": "Hull <> port city <> x\nagain <> adverb of time"},
]


def write(path, records=RECORDS):
    text = "".join(json.dumps(one) + "\n" for one in records)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_every_place_of_a_phrase_and_what_is_left_out(tmp_path, name):
    left = Counter()
    documents = list(read_published(write(tmp_path / name), left))
    marks = [[(one.text[s.start : s.end], s.label) for s in one.spans] for one in documents]
    assert marks == [
        [("Oslo", "city"), ("New York", "city")],
        [("Hull", "port city"), ("again", "adverb of time")],
    ]
    assert +left == Counter({"no pair": 2, "not in the text": 1, "uninformative concept": 1})


def test_parquet(tmp_path):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    table = pa.table(
        {"input": [one["input"] for one in RECORDS[::2]], "output": [["Oslo <> city"], ["Hull <> port"]]}
    )
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    assert [len(one.spans) for one in read_published(tmp_path / "a.parquet")] == [1, 1]


def test_annotations_read_it_by_itself(tmp_path):
    path = write(tmp_path / "a.jsonl")
    assert is_published(path)
    found = Annotations.read(path)
    assert set(found.concepts) == {"city", "adverb of time", "port city"}
    assert found.dropped["not in the text"] == 1
    other = tmp_path / "b.jsonl"
    other.write_text(json.dumps({"id": "a", "text": "Oslo", "spans": [[0, 4, "city"]]}) + "\n")
    assert not is_published(other)
    assert not is_published(tmp_path / "none.jsonl")


def test_a_wrong_record_is_named(tmp_path):
    path = write(tmp_path / "a.jsonl", [RECORDS[0], {"input": "x"}])
    with pytest.raises(DataError, match=r"O006.*a\.jsonl:2"):
        list(read_published(path))
    path.write_text("[1]\n")
    with pytest.raises(DataError, match=r"O006.*a\.jsonl:1"):
        list(read_published(path))
