"""JSON lines, our own format: one document a line, nothing is lost.

    {"id": "a", "text": "Ada wrote it.", "spans": [[0, 3, "PER"]],
     "tokens": [[0, 3], [4, 9], [10, 12], [12, 13]], "sents": [[0, 13]], "meta": {}}   (on one line)

A span with a score, source or fragments is an object. Offsets are characters, end exclusive.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from silversmith.core.document import Document, Span
from silversmith.core.errors import DataError
from silversmith.formats.files import open_out
from silversmith.formats.form import PARTS, Form
from silversmith.formats.intake import Intake
from silversmith.formats.jsonin import Record, as_ranges, as_span, line_records
from silversmith.formats.losses import Losses

__all__ = ["JSONL", "from_record", "json_text", "read_jsonl", "to_record", "write_jsonl"]

_KNOWN = {"id", "text", "spans", "tokens", "words", "sents", "sentences", "meta"}


def read_jsonl(path: Path, intake: Intake) -> Iterator[Document]:
    """Documents of a file of JSON lines. Unknown keys go to meta.

    Raises DataError: F001 to F011, and D001 to D004 for offsets that don't fit.
    """
    for number, record in enumerate(line_records(path, intake)):
        yield from_record(record, number, intake)


def from_record(record: Record, number: int, intake: Intake) -> Document:
    """The document of one record of ours."""
    meta = {key: value for key, value in record.items() if key not in _KNOWN} | record.meta()
    return intake.document(
        record.id(number),
        record.text(),
        [as_span(one, record) for one in record.items_of("spans")],
        line=record.line,
        where=record.where,
        words=_ranges(record, "tokens", "words"),
        sentences=_ranges(record, "sents", "sentences"),
        meta=meta,
    )


def _ranges(record: Record, *keys: str) -> tuple[tuple[int, int], ...] | None:
    """The ranges under the first key that is there and not null, else None."""
    for key in keys:
        if record.get(key) is not None:
            return as_ranges(record[key], record, key)
    return None


def write_jsonl(documents: Iterable[Document], path: Path, losses: Losses) -> None:
    """Write one line a document; nothing is lost. Raises DataError F012 if meta holds what is no JSON."""
    del losses
    with open_out(path) as file:
        for document in documents:
            file.write(json_text(to_record(document), document).encode("utf-8") + b"\n")


def to_record(document: Document) -> dict[str, Any]:
    """The JSON object of a document."""
    record: dict[str, Any] = {"id": document.id, "text": document.text}
    record["spans"] = [_span(span) for span in document.spans]
    if document.words is not None:
        record["tokens"] = document.words
    if document.sentences is not None:
        record["sents"] = document.sentences
    if document.meta:
        record["meta"] = document.meta
    return record


def json_text(value: Any, document: Document) -> str:
    """One line of JSON. Raises DataError F012 (naming the document) for what is no JSON or no UTF-8."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode("utf-8")
    except (TypeError, ValueError) as error:
        raise DataError(
            "F012", f"can't be written as JSON: {error}", where=f"document {document.id!r}"
        ) from None
    return text


def _span(span: Span) -> list[Any] | dict[str, Any]:
    """[start, end, label], or an object if there is more to say."""
    if span.score is None and span.source is None and not span.fragments:
        return [span.start, span.end, span.label]
    record: dict[str, Any] = {"start": span.start, "end": span.end, "label": span.label}
    record |= {} if span.score is None else {"score": span.score}
    record |= {} if span.source is None else {"source": span.source}
    return record | ({"fragments": span.fragments} if span.fragments else {})


JSONL = Form(
    name="jsonl",
    about="JSON lines of silversmith",
    suffixes=(".jsonl", ".ndjson"),
    read=read_jsonl,
    write=write_jsonl,
    keeps=frozenset(PARTS),
    partly={},
)
