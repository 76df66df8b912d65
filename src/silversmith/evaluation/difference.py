"""Difference: what changed between two sets of labels of the same documents, and whose doing it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from silversmith.core import Document, Span

__all__ = ["Change", "differences"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change. kind: added, removed, relabelled (same place) or moved (same label, overlapping place).
    before, after: the spans, None where there is none."""

    document: str
    kind: str
    before: Span | None
    after: Span | None

    @property
    def label(self) -> str:
        """The label after, or before where the span is gone."""
        one = self.after or self.before
        assert one is not None
        return one.label

    @property
    def cause(self) -> str:
        """The sources of both sides: "a -> a+b"; "none" where there is no span, "given" where none is
        named."""
        return f"{_source(self.before)} -> {_source(self.after)}"


def differences(pairs: Iterable[tuple[Document, Document]]) -> Iterator[Change]:
    """The changes of each (before, after), in text order."""
    for before, after in pairs:
        yield from sorted(_of_document(before, after), key=_order)


def _of_document(before: Document, after: Document) -> Iterator[Change]:
    old = {(one.start, one.end, one.label): one for one in before.spans}
    new = {(one.start, one.end, one.label): one for one in after.spans}
    gone = [one for key, one in old.items() if key not in new]
    come = [one for key, one in new.items() if key not in old]
    for kind, fits in (("relabelled", _same_place), ("moved", _overlapping)):
        for one in list(gone):
            other = max(
                (two for two in come if fits(one, two)), key=lambda two: _shared(one, two), default=None
            )
            if other is not None:
                gone.remove(one)
                come.remove(other)
                yield Change(before.id, kind, one, other)
    yield from (Change(before.id, "removed", one, None) for one in gone)
    yield from (Change(before.id, "added", None, one) for one in come)


def _same_place(one: Span, other: Span) -> bool:
    return (one.start, one.end) == (other.start, other.end)


def _overlapping(one: Span, other: Span) -> bool:
    return one.label == other.label and _shared(one, other) > 0


def _shared(one: Span, other: Span) -> int:
    return min(one.end, other.end) - max(one.start, other.start)


def _order(change: Change) -> tuple[int, int]:
    one = change.before or change.after
    assert one is not None
    return (one.start, one.end)


def _source(span: Span | None) -> str:
    return "none" if span is None else span.source or "given"
