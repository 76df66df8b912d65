"""DocRED: token positions to characters, duplicates, blank tokens, refusals."""

from __future__ import annotations

import json

import pytest

from silversmith.core import Document, Span
from silversmith.formats import read, write

MENTION = {"name": "Ada Lovelace", "sent_id": 0, "pos": [0, 2], "type": "PER"}
RECORD = {
    "title": "Ada",
    "sents": [["Ada", "Lovelace", " ", "ran", "."], ["In", "\U0001f389", "", "London", "."]],
    "vertexSet": [
        [MENTION, MENTION],
        [{"name": "London", "sent_id": 1, "pos": [3, 4], "type": "LOC"}],
        [{"name": "\U0001f389\n London", "sent_id": 1, "pos": [1, 4], "type": "MISC"}],
        [{"name": "London", "sent_id": 1, "pos": [3, 4], "type": "ORG"}],
        [{"name": " ", "sent_id": 0, "pos": [2, 3], "type": "ORG"}],
        [{"name": "Paris", "sent_id": 0, "pos": [3, 4], "type": "ORG"}],
    ],
    "labels": [{"r": "P1", "h": 0, "t": 1, "evidence": []}],
}


def test_positions_become_characters_and_everything_odd_is_counted(put):
    reading = read(put("dev.json", json.dumps([RECORD])))
    (document,) = reading
    assert reading.format == "docred"
    assert document.id == "dev-0000"
    assert document.meta == {"title": "Ada"}
    assert document.text == "Ada Lovelace ran . In \U0001f389 London ."
    assert [(document.covered(span), span.label) for span in document.spans] == [
        ("Ada Lovelace", "PER"),
        ("ran", "ORG"),
        ("\U0001f389 London", "MISC"),
        ("London", "LOC"),
    ]
    assert [document.text[slice(*place)] for place in document.words][5] == "\U0001f389"
    assert [document.text[slice(*place)] for place in document.sentences] == [
        "Ada Lovelace ran .",
        "In \U0001f389 London .",
    ]
    losses = reading.losses
    assert {what: tally.count for what, tally in losses.lost.items()} == {
        "clusters of mentions": 1,
        "second types of a span (the first stays)": 1,
        "mentions of blank tokens only": 1,
        "relations": 1,
    }
    assert {what: tally.count for what, tally in losses.repaired.items()} == {
        "blank tokens (removed, positions re-mapped)": 2,
        "mentions listed twice (merged)": 1,
    }
    assert losses.noted["names that differ from their tokens (positions followed)"].count == 1


def test_ids_can_have_a_pattern(put):
    path = put("dev.json", json.dumps([{**RECORD}, {**RECORD}]))
    assert [document.id for document in read(path, ids="re-{:02d}")] == ["re-00", "re-01"]


@pytest.mark.parametrize(
    "change",
    [
        {"pos": [0, 9]},
        {"pos": [2, 2]},
        {"pos": [-1, 1]},
        {"sent_id": 2},
        {"sent_id": -1},
        {"type": 1},
        {"pos": 3},
    ],
)
def test_a_mention_outside_its_sentence_is_refused(put, refused, change):
    bad = {**RECORD, "vertexSet": [[MENTION | change]]}
    path = put("bad.json", "[\n" + json.dumps(RECORD) + ",\n" + json.dumps(bad) + "\n]")
    code, line = refused(path, "docred")
    assert code == "F017"
    assert f"{path}:3, document 'bad-0001': mention" in line


def test_a_record_of_another_shape_is_refused(put, refused):
    assert refused(put("a.json", '[{"sents": ["Ada"], "vertexSet": []}]'), "docred")[0] == "F011"
    assert refused(put("b.json", '[{"sents": [], "vertexSet": [{}]}]'), "docred")[0] == "F011"


def test_a_sentence_border_inside_a_span_is_given_up_and_counted(tmp_path):
    document = Document("a", "Ada . Ran", (Span(0, 9, "X"),), ((0, 3), (4, 5), (6, 9)), ((0, 5), (6, 9)))
    losses = write([document], tmp_path / "x.json", "docred")
    (back,) = read(tmp_path / "x.json")
    assert back.spans == document.spans
    assert back.sentences == ((0, 9),)
    assert losses.lost["sentence borders inside a span"].count == 1


def test_spans_off_the_words_are_moved_and_counted(tmp_path):
    document = Document("a", "Lovelace ran", (Span(0, 4, "X"),), ((0, 8), (9, 12)))
    losses = write([document], tmp_path / "x.json", "docred")
    (back,) = read(tmp_path / "x.json")
    assert back.spans == (Span(0, 8, "X"),)
    assert losses.lost["borders of spans that are not at a word (moved to whole words)"].count == 1
