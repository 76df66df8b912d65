"""doccano: the shapes of its versions, and refusals."""

from __future__ import annotations

import json

import pytest

from silversmith.core import Document, Span
from silversmith.formats import read, write

ENTITY = {"id": 1, "label": "PER", "start_offset": 0, "end_offset": 3}


@pytest.mark.parametrize(
    "record",
    [
        {"id": 1, "text": "Ada ran", "label": [[0, 3, "PER"]]},
        {"id": 1, "text": "Ada ran", "labels": [[0, 3, "PER", "Ada"]]},
        {"doc_id": 1, "text": "Ada ran", "entities": [[0, 3, "PER"]]},
        {"id": 1, "text": "Ada ran", "entities": [ENTITY], "relations": []},
        {"id": 1, "data": "Ada ran", "label": [[0, 3, "PER"]]},
    ],
)
def test_every_version_is_read(put, record):
    reading = read(put("x.jsonl", json.dumps(record)))
    assert reading.format == "doccano"
    assert list(reading) == [Document("1", "Ada ran", (Span(0, 3, "PER"),))]


def test_relations_and_comments_are_counted(put):
    record = {"text": "Ada", "entities": [], "relations": [{}, {}], "Comments": ["x"], "lang": "en"}
    reading = read(put("x.jsonl", json.dumps(record)))
    (document,) = reading
    assert document.meta == {"lang": "en"}
    assert {what: tally.count for what, tally in reading.losses.lost.items()} == {
        "relations": 2,
        "comments": 1,
    }


def test_labels_without_names_are_refused(put, refused):
    record = {"id": 1, "text": "Ada", "entities": [ENTITY | {"label": 7}]}
    code, line = refused(put("x.jsonl", json.dumps(record)))
    assert code == "F011"
    assert "x.jsonl:1: an entity is" in line
    assert refused(put("y.jsonl", '{"text": "Ada", "label": ["PER"]}'))[0] == "F011"


def test_meta_becomes_keys_and_keys_of_doccano_are_lost(tmp_path):
    losses = write([Document("a", "x", meta={"lang": "en", "label": 1})], tmp_path / "x.jsonl", "doccano")
    assert json.loads((tmp_path / "x.jsonl").read_text()) == {
        "id": "a",
        "text": "x",
        "label": [],
        "lang": "en",
    }
    assert losses.lost["meta keys that doccano uses itself"].examples == ["a label"]
