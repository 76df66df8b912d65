"""Label Studio JSON: an array of tasks with annotations (by people) or predictions (by models).

Gold spans are written as one annotation; as soon as a span has a score or a source, all of them are
predictions, one a source, which Label Studio shows as proposals. Offsets are characters, end exclusive;
files of old versions that count UTF-16 units are noticed by the quoted text and put right.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from silversmith.core.document import Document, Span
from silversmith.core.errors import ConfigError
from silversmith.formats.files import open_out
from silversmith.formats.form import Form
from silversmith.formats.intake import Intake
from silversmith.formats.jsonin import Record, array_records
from silversmith.formats.jsonl import json_text
from silversmith.formats.losses import Losses

__all__ = ["LABELSTUDIO", "read_labelstudio", "write_labelstudio"]


def read_labelstudio(
    path: Path, intake: Intake, *, text_key: str = "text", mismatch: str = "refuse"
) -> Iterator[Document]:
    """Documents of an export (JSON, or JSON-MIN). text_key: where the task's data has the text.

    The first annotation that was not cancelled counts, without one the predictions; others are lost.
    mismatch: as for brat. Raises DataError: F006, F011, F019 offsets that disagree with the quoted text.
    """
    if mismatch not in {"refuse", "positions"}:
        raise ConfigError("F010", f"mismatch={mismatch!r}", remedy="valid: positions, refuse")
    for number, record in enumerate(array_records(path, intake)):
        full = isinstance(record.get("data"), dict)
        data = Record(record["data"], intake, record.line) if full else record
        text = data.text(text_key)
        results = _results(record, intake) if full else [(one, None) for one in record.items_of("label")]
        spans = [
            span
            for result, source in results
            for span in _spans(result, source, text, record, mismatch == "positions")
        ]
        own = data.get("id") is not None
        id = (data if own else record).id(number)
        known = {
            text_key,
            "id",
            "meta",
            *(() if full else ("label", "annotator", "annotation_id", "lead_time")),
        }
        meta = {key: value for key, value in data.items() if key not in known} | data.meta()
        yield intake.document(id, text, spans, line=record.line, meta=meta)


def _results(record: Record, intake: Intake) -> list[tuple[Any, str | None]]:
    """(result, source) of the annotation that counts, or of all predictions."""
    annotations = [
        one
        for one in record.items_of("annotations") or record.items_of("completions")
        if isinstance(one, dict) and not one.get("was_cancelled")
    ]
    predictions = [one for one in record.items_of("predictions") if isinstance(one, dict)]
    if annotations:
        if len(annotations) > 1:
            intake.losses.lose("second annotations of a task", f"line {record.line}", len(annotations) - 1)
        if predictions:
            intake.losses.lose("predictions beside an annotation", f"line {record.line}", len(predictions))
        return [(result, None) for result in annotations[0].get("result") or []]
    return [
        (result, one.get("model_version") or None)
        for one in predictions
        for result in one.get("result") or []
    ]


def _spans(result: Any, source: str | None, text: str, record: Record, follow: bool) -> Iterator[Span]:
    """The spans of one region, one a label."""
    value = result.get("value", result) if isinstance(result, dict) else None
    labels = value.get("labels") if isinstance(value, dict) else None
    if value is None or not isinstance(labels, list) or not labels:
        kind = result.get("type", "unknown") if isinstance(result, dict) else "unknown"
        record.intake.losses.lose("results that label no text", f"line {record.line}: {kind}")
        return
    start, end, score = value.get("start"), value.get("end"), result.get("score")
    if not (isinstance(start, int) and isinstance(end, int) and all(isinstance(one, str) for one in labels)):
        raise record.error(
            f"a region is {json.dumps(value, ensure_ascii=False)[:80]}", "start and end are numbers"
        )
    start, end = _checked(start, end, value.get("text"), text, record, follow)
    with record.intake.at(record.line):
        for label in labels:
            number = None if not isinstance(score, int | float) else float(score)
            yield Span(start, end, label, number, source)


def _checked(start: int, end: int, quoted: Any, text: str, record: Record, follow: bool) -> tuple[int, int]:
    """The offsets in characters, compared with the text that the region quotes."""
    if not isinstance(quoted, str) or text[start:end] == quoted:
        return start, end
    units = text.encode("utf-16-le")
    if units[2 * start : 2 * end] == quoted.encode("utf-16-le", "surrogatepass"):
        record.intake.losses.repair("offsets in UTF-16 units (made characters)", f"line {record.line}")
        first = len(units[: 2 * start].decode("utf-16-le"))
        return first, first + len(quoted)
    if text[start:end].split() != quoted.split():
        if not follow:
            raise record.error(
                f"the text at [{start}, {end}) is {text[start:end][:40]!r}, the region says {quoted[:40]!r}",
                "mend the file, or follow the offsets with mismatch=positions",
                code="F019",
            )
        record.intake.losses.note("quoted words that differ (offsets followed)", f"line {record.line}")
    return start, end


def write_labelstudio(
    documents: Iterable[Document],
    path: Path,
    losses: Losses,
    *,
    from_name: str = "label",
    to_name: str = "text",
) -> None:
    """Write an array of tasks to import. from_name, to_name: names of the labelling configuration's tags."""
    with open_out(path) as file:
        for number, document in enumerate(documents):
            line = json_text(_task(document, from_name, to_name), document)
            file.write((",\n" if number else "[\n").encode() + line.encode("utf-8"))
        file.write(b"\n]\n" if losses.documents else b"[]\n")


def _task(document: Document, from_name: str, to_name: str) -> dict[str, Any]:
    """The task of a document."""
    data: dict[str, Any] = {"text": document.text, "id": document.id}
    data |= {"meta": document.meta} if document.meta else {}
    gold = all(span.score is None and span.source is None for span in document.spans)
    groups: dict[str, list[dict[str, Any]]] = {"": []} if gold else {}
    for number, span in enumerate(document.spans):
        region: dict[str, Any] = {
            "id": f"s{number}",
            "from_name": from_name,
            "to_name": to_name,
            "type": "labels",
        }
        value = {"start": span.start, "end": span.end, "text": document.text[span.start : span.end]}
        region["value"] = value | {"labels": [span.label]}
        region |= {} if span.score is None else {"score": span.score}
        groups.setdefault(span.source or "", []).append(region)
    if gold:
        return {"data": data, "annotations": [{"result": groups[""]}]}
    found = [{"model_version": source, "result": result} for source, result in groups.items()]
    return {"data": data, "predictions": found}


LABELSTUDIO = Form(
    name="labelstudio",
    about="Label Studio JSON (annotations or predictions)",
    suffixes=(),
    read=read_labelstudio,
    write=write_labelstudio,
    keeps=frozenset({"ids", "text", "spans", "nested", "scores", "sources", "meta"}),
    partly={},
)
