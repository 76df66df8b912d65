"""Label Studio: exports of people and models, old offsets in UTF-16 units, refusals."""

from __future__ import annotations

import json

import pytest

from silversmith.core import Document, Span
from silversmith.formats import read, write

TEXT = "\U0001f389 Ada met Bob."


def region(start: int, end: int, text: str, *labels: str, **more) -> dict:
    value = {"start": start, "end": end, "text": text, "labels": list(labels)}
    return {"id": "x", "from_name": "label", "to_name": "text", "type": "labels", "value": value, **more}


def task(**content) -> str:
    return json.dumps([{"id": 3, "data": {"text": TEXT, "url": "u"}, **content}])


def test_the_first_annotation_counts(put):
    annotations = [
        {"was_cancelled": True, "result": [region(0, 1, "\U0001f389", "X")]},
        {"result": [region(2, 5, "Ada", "PER", "GIVEN"), {"type": "choices", "value": {"choices": ["a"]}}]},
        {"result": []},
    ]
    reading = read(put("x.json", task(annotations=annotations, predictions=[{"result": []}])))
    (document,) = reading
    assert reading.format == "labelstudio"
    assert (document.id, document.meta) == ("3", {"url": "u"})
    assert document.spans == (Span(2, 5, "GIVEN"), Span(2, 5, "PER"))
    assert {what: tally.count for what, tally in reading.losses.lost.items()} == {
        "second annotations of a task": 1,
        "predictions beside an annotation": 1,
        "results that label no text": 1,
    }


def test_predictions_keep_score_and_model(put):
    prediction = {"model_version": "llm", "result": [region(2, 5, "Ada", "PER", score=0.75)]}
    (document,) = read(put("x.json", task(predictions=[prediction])))
    (span,) = document.spans
    assert (span.score, span.source) == (0.75, "llm")


def test_offsets_in_utf_16_units_are_put_right(put):
    reading = read(put("x.json", task(annotations=[{"result": [region(3, 6, "Ada", "PER")]}])))
    (document,) = reading
    assert document.covered(document.spans[0]) == "Ada"
    assert reading.losses.repaired["offsets in UTF-16 units (made characters)"].count == 1


def test_the_short_export_is_read(put):
    label = [{"start": 2, "end": 5, "text": "Ada", "labels": ["PER"]}]
    content = [{"text": TEXT, "id": 9, "label": label, "annotator": 1, "lead_time": 2.5}]
    (document,) = read(put("x.json", json.dumps(content)))
    assert (document.id, document.spans, document.meta) == ("9", (Span(2, 5, "PER"),), {})


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        ({"annotations": [{"result": [region(0, 3, "Ada", "PER")]}]}, "F019", "the text at [0, 3) is"),
        ({"annotations": [{"result": [region(2, 99, None, "PER")]}]}, "D003", "span [2, 99)"),
        ({"annotations": [{"result": [region("2", 5, "Ada", "PER")]}]}, "F011", "a region is"),
        ({"data": {"body": "x"}}, "F011", "no 'text'"),
    ],
)
def test_refusals(put, refused, content, code, says):
    path = put("bad.json", task(**content))
    found, line = refused(path, "labelstudio")
    assert found == code
    assert says in line
    assert f"{path}:1" in line


def test_gold_is_an_annotation_and_silver_are_predictions(tmp_path):
    gold = Document("a", "Ada met Bob", (Span(0, 3, "PER"),))
    silver = Document(
        "b", "Ada met Bob", (Span(0, 3, "PER", 0.5, "llm"), Span(8, 11, "PER", None, "features"))
    )
    write([gold, silver], tmp_path / "x.json", "labelstudio")
    first, second = json.loads((tmp_path / "x.json").read_text())
    assert [one["value"]["text"] for one in first["annotations"][0]["result"]] == ["Ada"]
    assert {one["model_version"] for one in second["predictions"]} == {"llm", "features"}
