"""Argilla: suggestions and responses of its records, and refusals."""

from __future__ import annotations

import json

import pytest

from silversmith.core import DataError, Document, Span
from silversmith.formats import read, write

ADA = {"start": 0, "end": 3, "label": "PER"}


def record(**more):
    return {"id": "1", "fields": {"text": "Ada ran"}, "metadata": {"k": 1}, "suggestions": {}, **more}


def test_a_suggestion_has_scores_and_an_agent(put):
    given = {"spans": {"value": [ADA], "score": [0.5], "agent": "features"}}
    reading = read(put("x.json", json.dumps([record(suggestions=given)])))
    assert reading.format == "argilla"
    assert list(reading) == [Document("1", "Ada ran", (Span(0, 3, "PER", 0.5, "features"),), meta={"k": 1})]


def test_a_response_counts_before_a_suggestion(put):
    answers = {"spans": [{"value": [ADA], "user_id": "u"}, {"value": [], "user_id": "v"}]}
    given = {"spans": {"value": [{**ADA, "label": "LOC"}], "score": 0.5}}
    reading = read(put("x.json", json.dumps([record(suggestions=given, responses=answers)])))
    (document,) = reading
    assert document.spans == (Span(0, 3, "PER"),)
    assert set(reading.losses.lost) == {"second responses to a record", "suggestions beside a response"}


def test_what_argilla_has_no_place_for_is_counted(tmp_path):
    spans = (Span(0, 3, "PER", 0.5, "a"), Span(4, 7, "X", None, "b"))
    document = Document("1", "Ada ran", spans, meta={"k": [1], "n": 2})
    losses = write([document], tmp_path / "x.json", "argilla")
    assert len(losses.lost) == 3
    (again,) = read(tmp_path / "x.json")
    assert again == Document("1", "Ada ran", (Span(0, 3, "PER"), Span(4, 7, "X")), meta={"n": 2})


@pytest.mark.parametrize(
    "bad",
    [
        {"fields": "Ada"},
        {"suggestions": {"spans": {"value": [[0, 3, "PER"]]}}},
        {"suggestions": {"spans": {"value": 5}}},
        {"suggestions": {"spans": {"value": [ADA], "score": [0.1, 0.2]}}},
        {"suggestions": {"spans": {"value": [{**ADA, "start": "0"}]}}},
    ],
)
def test_other_shapes_are_refused_with_their_line(put, bad):
    with pytest.raises(DataError, match=r"x\.json:1"):
        list(read(put("x.json", json.dumps([record(**bad)])), "argilla"))


def test_the_library_reads_what_is_written(tmp_path):
    """Argilla's own reader, where it is installed."""
    argilla = pytest.importorskip("argilla")
    write([Document("1", "Ada ran", (Span(0, 3, "PER", 0.5, "a"),))], tmp_path / "x.json", "argilla")
    (one,) = json.loads((tmp_path / "x.json").read_text("utf-8"))
    assert argilla.Record.from_dict(one).suggestions.to_dict()["spans"]["agent"] == "a"
