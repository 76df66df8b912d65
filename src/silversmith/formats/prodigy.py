"""Prodigy JSON lines: text, tokens, spans with `token_start` and `token_end` (inclusive), answer, meta."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from silversmith.core.document import Document, Span
from silversmith.formats.files import open_out
from silversmith.formats.form import Form
from silversmith.formats.intake import Intake
from silversmith.formats.jsonin import Record, as_ranges, as_span, line_records
from silversmith.formats.jsonl import json_text
from silversmith.formats.losses import Losses
from silversmith.text.words import split_words

__all__ = ["PRODIGY", "read_prodigy", "write_prodigy"]

_Range = tuple[int, int]


def read_prodigy(path: Path, intake: Intake) -> Iterator[Document]:
    """Documents of an export. Rejected and ignored tasks are left out and counted.

    Raises DataError: F006, F011, F017 a token number outside the tokens, F019 token numbers and offsets
    that disagree, D001 to D004.
    """
    number = 0
    for record in line_records(path, intake):
        answer = record.get("answer", "accept")
        if answer != "accept":
            intake.losses.lose(f"tasks with the answer {answer!r}", f"line {record.line}")
            continue
        if record.get("relations"):
            intake.losses.lose("relations", f"line {record.line}", len(record.items_of("relations")))
        text, tokens = record.text(), as_ranges(record.items_of("tokens"), record, "tokens")
        spans = [_span(value, tokens, record) for value in record.items_of("spans")]
        words = [place for place in tokens if text[slice(*place)].strip()]
        meta = record.meta()
        id = record.id(number) if "id" in record or not meta.get("id") else str(meta["id"])
        own = record.get("words", True) and "tokens" in record
        yield intake.document(id, text, spans, line=record.line, words=words if own else None, meta=meta)
        number += 1


def _span(value: Any, tokens: tuple[_Range, ...], record: Record) -> Span:
    """A span from its offsets, checked against its token numbers; from these alone if it has no offsets."""
    if not isinstance(value, dict) or not tokens or "token_start" not in value or "token_end" not in value:
        return as_span(value, record)
    first, last = value["token_start"], value["token_end"]
    whole = isinstance(first, int) and isinstance(last, int)
    if not (whole and 0 <= first <= last < len(tokens)):
        raise record.error(
            f"tokens {first!r} to {last!r} of a span: there are {len(tokens)}",
            "token_end is the last token's number, from 0",
            code="F017",
        )
    place = {"start": tokens[first][0], "end": tokens[last][1]}
    if "start" in value and "end" in value and (value["start"], value["end"]) != tuple(place.values()):
        shown = json.dumps(value, ensure_ascii=False)[:80]
        raise record.error(
            f"token numbers and offsets of a span disagree: {shown}",
            "token_end is the last token's number, end is exclusive",
            code="F019",
        )
    return as_span(value | place, record)


def write_prodigy(documents: Iterable[Document], path: Path, losses: Losses) -> None:
    """Write tasks with tokens. A span that is not at words has offsets only, no token numbers."""
    with open_out(path) as file:
        for document in documents:
            file.write(json_text(_task(document, losses), document).encode("utf-8") + b"\n")


def _task(document: Document, losses: Losses) -> dict[str, Any]:
    """The task of a document."""
    text = document.text
    words = split_words(text) if document.words is None else list(document.words)
    tokens = [
        {"text": text[start:end], "start": start, "end": end, "id": number, "ws": text[end : end + 1] == " "}
        for number, (start, end) in enumerate(words)
    ]
    first = {start: number for number, (start, _) in enumerate(words)}
    last = {end: number for number, (_, end) in enumerate(words)}
    spans = []
    for span in document.spans:
        item: dict[str, Any] = {"start": span.start, "end": span.end, "label": span.label}
        if span.start in first and span.end in last:
            item |= {"token_start": first[span.start], "token_end": last[span.end]}
        else:
            losses.note("spans that are not at words (written without token numbers)", document.id)
        item |= {} if span.score is None else {"score": span.score}
        spans.append(item | ({} if span.source is None else {"source": span.source}))
    task: dict[str, Any] = {"id": document.id, "text": text, "tokens": tokens, "spans": spans}
    if document.words is None:
        task["words"] = False  # found by rule: not the document's own
    return task | {"meta": dict(document.meta), "answer": "accept"}


PRODIGY = Form(
    name="prodigy",
    about="Prodigy JSON lines (token_end inclusive)",
    suffixes=(),
    read=read_prodigy,
    write=write_prodigy,
    keeps=frozenset({"ids", "text", "spans", "nested", "scores", "sources", "words", "meta"}),
    partly={},
)
