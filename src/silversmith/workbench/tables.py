"""The tables of a review: a silver set as rows, and back."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from silversmith.core import OUTSIDE, Document, Span

__all__ = ["SCHEMA", "SOURCE", "VERSION", "Case", "apart", "case_of", "checksum_of", "document_of", "fill"]

VERSION = 1
SOURCE = "review"
SCHEMA = """
create table meta (key text primary key, value text not null);
create table document (number integer primary key, id text not null unique, record text not null);
create table span (
  number integer primary key, document integer not null, start integer not null, stop integer not null,
  label text not null, score real, top text not null, form text not null, certainty real not null
);
create index span_by_document on span (document);
create index span_by_form on span (form, label);
create index span_by_certainty on span (certainty, number);
create table decision (
  number integer primary key autoincrement, at real not null, who text not null, span integer not null,
  action text not null, label text, start integer, stop integer, batch integer not null,
  undone integer not null default 0
);
create index decision_by_span on decision (span, undone);
create table hold (span integer primary key, who text not null, until real not null);
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A span to look at. document: its number; top: labels with probabilities, best first; certainty: of the
    best before the next best, "no entity" included. similar: undecided spans of the same form and label,
    itself too."""

    number: int
    document: int
    start: int
    end: int
    label: str
    score: float | None
    top: tuple[tuple[str, float], ...]
    form: str
    certainty: float
    similar: int = 1


def case_of(row: Sequence[Any], similar: int) -> Case:
    """A row of the table span."""
    top = tuple((str(name), float(p)) for name, p in json.loads(row[6]))
    return Case(row[0], row[1], row[2], row[3], row[4], row[5], top, row[7], row[8], similar)


def fill(connection: sqlite3.Connection, documents: Sequence[Document], mark: str) -> None:
    """Everything of a silver set."""
    labels = sorted({span.label for one in documents for span in one.spans} | _voted(documents))
    meta = {"version": str(VERSION), "mark": mark, "labels": json.dumps(labels)}
    connection.executemany("insert into meta values (?, ?)", meta.items())
    number = 0
    for place, document in enumerate(documents):
        connection.execute(
            "insert into document values (?, ?, ?)", (place, document.id, json.dumps(_record(document)))
        )
        votes = {(one["start"], one["end"]): one["top"] for one in document.meta.get("votes", ())}
        for span in document.spans:
            top = [[name, p] for name, p in votes.get((span.start, span.end), ()) if name != OUTSIDE]
            if not any(name == span.label for name, _ in top):
                top.insert(0, [span.label, 1.0 if span.score is None else span.score])
            row = (number, place, span.start, span.end, span.label, span.score, json.dumps(top))
            form = " ".join(document.text[span.start : span.end].lower().split())
            connection.execute("insert into span values (?,?,?,?,?,?,?,?,?)", (*row, form, _certainty(top)))
            number += 1


def _certainty(top: Sequence[Sequence[Any]]) -> float:
    """By how much the best label leads, "no entity" among the others."""
    chances = sorted((float(p) for _, p in top), reverse=True)
    outside = max(0.0, 1.0 - sum(chances))
    others = [*chances[1:], outside]
    return chances[0] - max(others)


def _voted(documents: Sequence[Document]) -> set[str]:
    return {
        name
        for one in documents
        for vote in one.meta.get("votes", ())
        for name, _ in vote["top"]
        if name != OUTSIDE
    }


def _record(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "text": document.text,
        "words": document.words,
        "sentences": document.sentences,
        "spans": [[span.start, span.end, span.label, span.score, span.source] for span in document.spans],
        "meta": dict(document.meta),
    }


def document_of(record: dict[str, Any]) -> Document:
    """A document of its record."""
    pairs = {
        key: None if record[key] is None else tuple(map(tuple, record[key])) for key in ("words", "sentences")
    }
    return Document(
        record["id"],
        record["text"],
        tuple(Span(*one) for one in record["spans"]),
        meta=record["meta"],
        **pairs,
    )


def checksum_of(documents: Sequence[Document]) -> str:
    """What tells one silver set from another."""
    digest = hashlib.sha256()
    for one in documents:
        digest.update(json.dumps(_record(one), ensure_ascii=True, sort_keys=True).encode())
    return digest.hexdigest()


def apart(spans: Sequence[Span]) -> list[Span]:
    """Sorted; where a changed span runs into another, the decided one stays."""
    order = sorted(spans, key=lambda one: (one.source != SOURCE, one.start, -one.end))
    kept: list[Span] = []
    for one in order:
        crosses = any(
            other.start < one.end and one.start < other.end and SOURCE in (other.source, one.source)
            for other in kept
        )
        if not crosses:
            kept.append(one)
    return sorted(kept, key=lambda one: (one.start, -one.end, one.label))
