"""doccano JSON lines: {"id": 1, "text": "...", "label": [[0, 3, "PER"], ...]}, or entities with offsets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from silversmith.core.document import Document, Span
from silversmith.formats.files import open_out
from silversmith.formats.form import Form
from silversmith.formats.intake import Intake
from silversmith.formats.jsonin import Record, as_span, line_records
from silversmith.formats.jsonl import json_text
from silversmith.formats.losses import Losses

__all__ = ["DOCCANO", "read_doccano", "write_doccano"]

_LOST = {"relations": "relations", "Comments": "comments", "comments": "comments", "cats": "document labels"}
_TEXTS, _SPANS = ("text", "data"), ("label", "labels", "entities")
_KNOWN = {"id", "doc_id", "meta", *_TEXTS, *_SPANS, *_LOST}


def read_doccano(path: Path, intake: Intake) -> Iterator[Document]:
    """Documents of an export of a sequence labelling project, of any of doccano's versions.

    Relations and comments are counted as lost, other keys go to meta.
    Raises DataError F006, F011, D001 to D003.
    """
    for number, record in enumerate(line_records(path, intake)):
        text = record.text("text" if "text" in record or "data" not in record else "data")
        for key, name in _LOST.items():
            if record.get(key):
                intake.losses.lose(name, f"line {record.line}", len(record[key]))
        spans = [_span(one, record) for key in _SPANS for one in record.items_of(key)]
        meta = {key: value for key, value in record.items() if key not in _KNOWN} | record.meta()
        yield intake.document(record.id(number, "id", "doc_id"), text, spans, line=record.line, meta=meta)


def _span(value: Any, record: Record) -> Span:
    """A span from [start, end, label], also with the quoted text, or from an entity with offsets."""
    if isinstance(value, dict) and "start_offset" in value:
        if not isinstance(value.get("label"), str):
            shown = json.dumps(value)[:60]
            raise record.error(
                f"an entity is {shown}", "export it with the names of labels, not their numbers"
            )
        value = [value["start_offset"], value.get("end_offset"), value["label"]]
    return as_span(value[:3] if isinstance(value, list) else value, record)


def write_doccano(documents: Iterable[Document], path: Path, losses: Losses) -> None:
    """Write JSON lines to import as a sequence labelling project. Raises DataError F012."""
    with open_out(path) as file:
        for document in documents:
            record: dict[str, Any] = {"id": document.id, "text": document.text}
            record["label"] = [[span.start, span.end, span.label] for span in document.spans]
            for key, value in document.meta.items():  # doccano keeps unknown keys as meta
                if key in _KNOWN:
                    losses.lose("meta keys that doccano uses itself", f"{document.id} {key}")
                else:
                    record[key] = value
            file.write(json_text(record, document).encode("utf-8") + b"\n")


DOCCANO = Form(
    name="doccano",
    about="doccano JSON lines",
    suffixes=(),
    read=read_doccano,
    write=write_doccano,
    keeps=frozenset({"ids", "text", "spans", "nested"}),
    partly={"meta": "keys that doccano uses itself"},
)
