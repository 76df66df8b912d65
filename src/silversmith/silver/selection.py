"""Selection: from any votes to the spans of a silver set, by thresholds, overlaps resolved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from silversmith.core import OUTSIDE, ConfigError, DataError, Document, Span, Vote
from silversmith.core.errors import nearest
from silversmith.silver.overlaps import resolve

__all__ = ["Selection", "document_votes", "make_selection", "select", "select_all"]

JOIN = "+"
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Selection:
    """Which votes become spans. threshold: least probability; types: type -> its own threshold.

    only: the types that may be given (None: all). nested: spans inside others may stay.
    """

    threshold: float = 0.5
    types: Mapping[str, float] = field(default_factory=dict)
    only: frozenset[str] | None = None
    nested: bool = False

    def least(self, label: str) -> float:
        """The threshold of a type."""
        return self.types.get(label, self.threshold)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        only = None if self.only is None else sorted(self.only)
        return {
            "threshold": self.threshold,
            "types": dict(sorted(self.types.items())),
            "only": only,
            "nested": self.nested,
        }


def make_selection(
    words: Iterable[str], *, only: Iterable[str] | None = None, nested: bool = False
) -> Selection:
    """A selection from words such as "0.6" (all types) and "PER=0.8".

    Raises ConfigError N001 for what is no probability, or a threshold of a type that `only` leaves out.
    """
    allowed = None if only is None else frozenset(only)
    threshold, types = 0.5, {}
    for word in words:
        name, _, number = word.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value = -1.0
        if not 0 <= value <= 1:
            raise ConfigError("N001", f"the threshold {word!r}", remedy="write 0.6, or PER=0.8 for one type")
        if name and allowed is not None and name not in allowed:
            raise ConfigError(
                "N001", f"a threshold for {name!r}, which is left out", remedy=nearest(name, allowed)
            )
        if name:
            types[name] = value
        else:
            threshold = value
    return Selection(threshold, types, allowed, nested)


def select(document: Document, votes: Iterable[Vote], selection: Selection | None = None) -> Document:
    """The document with the spans that its votes give; what it had before is gone.

    A vote gives its most probable type among those that reach their thresholds. Equal spans of several
    sources become one, with the highest probability and all the sources in `source` ("a+b"). Of
    overlapping ones the most probable stays. Raises DataError N002 for a vote of another document.
    """
    selection = selection or Selection()
    found: dict[tuple[int, int, str], Span] = {}
    for vote in votes:
        if vote.document_id != document.id:
            raise DataError(
                "N002", f"a vote of document {vote.document_id!r}", where=f"document {document.id!r}"
            )
        span = _span(vote, selection)
        if span is not None:
            key = (span.start, span.end, span.label)
            found[key] = _joined(found[key], span) if key in found else span
    spans = sorted(found.values(), key=lambda one: (one.start, -one.end, one.label))
    scores = [one.score or 0.0 for one in spans]
    kept = resolve([(one.start, one.end) for one in spans], scores, nested=selection.nested)
    return document.with_spans(spans[at] for at in kept)


def select_all(
    pairs: Iterable[tuple[Document, Iterable[Vote]]], selection: Selection | None = None
) -> Iterator[Document]:
    """`select` for each document with its votes, streaming."""
    for document, votes in pairs:
        yield select(document, votes, selection)


def document_votes(document: Document, source: str = "given") -> list[Vote]:
    """The votes that a silver document carries: its spans, with the labels of meta["votes"] if listed.

    source: named where a span names none. A span without score is certain: it has probability 1.
    """
    listed = {(one["start"], one["end"]): one["top"] for one in _listed(document)}
    votes = []
    for span in document.spans:
        chances = {span.label: 1.0 if span.score is None else span.score}
        for label, p in listed.get((span.start, span.end), []):
            if label != OUTSIDE:
                chances.setdefault(label, p)
        total = max(1.0, sum(chances.values()))  # rounded when they were written
        chances = {label: p / total for label, p in chances.items()}
        votes.append(Vote(document.id, span.start, span.end, chances, span.source or source))
    return votes


def _listed(document: Document) -> list[dict[str, Any]]:
    """meta["votes"] as `silversmith label` writes it, anything else under that name left out."""
    listed = document.meta.get("votes")
    if not isinstance(listed, list):
        return []
    return [one for one in listed if isinstance(one, dict) and {"start", "end", "top"} <= one.keys()]


def _span(vote: Vote, selection: Selection) -> Span | None:
    """The span of one vote, or None if no type reaches its threshold."""
    chosen = [
        (-p, label)
        for label, p in vote.probabilities.items()
        if p > 0
        and p >= selection.least(label)
        and (selection.only is None or label in selection.only)
        and label != OUTSIDE
    ]
    if not chosen:
        return None
    p, label = min(chosen)
    return Span(vote.start, vote.end, label, round(-p, DIGITS), vote.source)


def _joined(one: Span, other: Span) -> Span:
    """One span of two equal ones."""
    names = sorted({*(one.source or "").split(JOIN), *(other.source or "").split(JOIN)} - {""})
    score = max(one.score or 0.0, other.score or 0.0)
    return Span(one.start, one.end, one.label, score, JOIN.join(names) or None)
