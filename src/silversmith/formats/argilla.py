"""Argilla JSON (2.x): the array of records that `dataset.records.to_json` writes and `from_json` reads.

A record has one answer to a span question a person (responses) and one proposal (suggestion), whose agent and
score, one a span, are those of our sources. Offsets are characters, end exclusive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from silversmith.core.document import Document, Span
from silversmith.formats.files import open_out
from silversmith.formats.form import Form
from silversmith.formats.intake import Intake
from silversmith.formats.jsonin import Record, array_records, as_span
from silversmith.formats.jsonl import json_text
from silversmith.formats.losses import Losses

__all__ = ["ARGILLA", "read_argilla", "write_argilla"]

PLACE = ("start", "end", "label")
NO_METADATA = "meta that is no text or number (Argilla's metadata holds none)"


def read_argilla(
    path: Path, intake: Intake, *, field: str = "text", question: str = ""
) -> Iterator[Document]:
    """Documents of an export. field: the text's; question: the span question's (default: the first).

    The first response counts, without one the suggestion. Raises DataError F006, F011, D001 to D003.
    """
    for number, record in enumerate(array_records(path, intake)):
        fields = record.get("fields")
        if not isinstance(fields, dict):
            raise record.error("the record has no fields", "export it with dataset.records.to_json")
        text = Record(fields, intake, record.line).text(field)
        spans = list(_spans(record, intake, question))
        meta = record.meta("metadata")
        yield intake.document(record.id(number), text, spans, line=record.line, meta=meta)


def _spans(record: Record, intake: Intake, question: str) -> Iterator[Span]:
    """The spans of the answer that counts."""
    answered, proposed = (_of_question(record.get(key), question) for key in ("responses", "suggestions"))
    if isinstance(answered, list) and answered:
        if len(answered) > 1:
            intake.losses.lose("second responses to a record", f"line {record.line}", len(answered) - 1)
        if proposed:
            intake.losses.lose("suggestions beside a response", f"line {record.line}")
        given = {"value": answered[0].get("value") if isinstance(answered[0], dict) else None}
    else:
        given = proposed if isinstance(proposed, dict) else {"value": []}
    regions, score = given.get("value") or [], given.get("score")
    scores: Any = (
        [score] * len(regions) if isinstance(regions, list) and not isinstance(score, list) else score
    )
    if not isinstance(regions, list) or len(scores) != len(regions):
        raise record.error("the answer is no list of spans with a score each", "name it: question=NAME")
    for region, one in zip(regions, scores, strict=True):
        known = {key: region.get(key) for key in PLACE} if isinstance(region, dict) else {}
        yield as_span({**known, "score": one, "source": given.get("agent")}, record)


def _of_question(answers: Any, question: str) -> Any:
    """The answer to a question, or to the first."""
    if not isinstance(answers, dict) or not answers:
        return None
    return answers.get(question) if question else next(iter(answers.values()))


def write_argilla(
    documents: Iterable[Document], path: Path, losses: Losses, *, field: str = "text", question: str = "spans"
) -> None:
    """Write records to import; spans become the suggestion. field, question: as the dataset names them."""
    with open_out(path) as file:
        for number, document in enumerate(documents):
            line = json_text(_record(document, losses, field, question), document)
            file.write((",\n" if number else "[\n").encode() + line.encode("utf-8"))
        file.write(b"\n]\n" if losses.documents else b"[]\n")


def _record(document: Document, losses: Losses, field: str, question: str) -> dict[str, Any]:
    """The record of a document."""
    metadata = {}
    for key, value in document.meta.items():
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            metadata[key] = value
        else:
            losses.lose(NO_METADATA, f"{document.id} {key}")
    record: dict[str, Any] = {"id": document.id, "fields": {field: document.text}, "metadata": metadata}
    record |= {"suggestions": {}, "responses": {}, "vectors": {}}
    if document.spans:
        regions = [{"start": one.start, "end": one.end, "label": one.label} for one in document.spans]
        scores = [one.score for one in document.spans]
        sources = {one.source for one in document.spans}
        if None in scores and any(one is not None for one in scores):
            losses.lose("scores, where a span of the document has none", document.id)
        if len(sources) > 1:
            losses.lose("sources, where a document has several", document.id)
        record["suggestions"][question] = {
            "value": regions,
            "score": None if None in scores else scores,
            "agent": sources.pop() if len(sources) == 1 else None,
        }
    return record


ARGILLA = Form(
    name="argilla",
    about="Argilla JSON (records of 2.x)",
    suffixes=(),
    read=read_argilla,
    write=write_argilla,
    keeps=frozenset({"ids", "text", "spans", "nested", "scores", "sources", "meta"}),
    partly={
        "scores": "where a span of the document has none",
        "sources": "where a document has several",
        "meta": "values that are no text or number",
    },
)
