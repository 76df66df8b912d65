"""Document and Span: the one data type of the house. Offsets are characters of `text`, end exclusive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from silversmith.core.errors import DataError

__all__ = ["OUTSIDE", "Document", "Span"]

OUTSIDE = "O"
"""The label of what is no entity; never the name of a type."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A typed stretch of a document's text.

    start, end: characters, end exclusive, start < end. score: probability, or None for gold.
    source: who proposed it. fragments: the pieces of a discontinuous span (empty if it is whole);
    they lie inside [start, end). Raises DataError D001 if the offsets make no span.
    """

    start: int
    end: int
    label: str
    score: float | None = field(default=None, compare=False)
    source: str | None = field(default=None, compare=False)
    fragments: tuple[tuple[int, int], ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise DataError(
                "D001", f"span [{self.start}, {self.end}) of type {self.label!r} is empty or negative"
            )
        if not self.label or self.label == OUTSIDE:
            raise DataError(
                "D002", f"span [{self.start}, {self.end}) has the label {self.label!r}, which is no type"
            )


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its spans.

    id: unique in its collection. text: any str, kept byte for byte. spans: any order, nesting allowed;
    kept sorted by start, then longest first. words, sentences: character ranges [start, end) if the
    input had them, else None (a view can be computed, see silversmith.text). meta: JSON values.
    Raises DataError D003 if a span, word or sentence lies outside the text.
    """

    id: str
    text: str
    spans: tuple[Span, ...] = ()
    words: tuple[tuple[int, int], ...] | None = None
    sentences: tuple[tuple[int, int], ...] | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.spans, key=lambda span: (span.start, -span.end, span.label)))
        object.__setattr__(self, "spans", ordered)
        size = len(self.text)
        for span in ordered:
            if span.end > size:
                raise DataError(
                    "D003",
                    f"span [{span.start}, {span.end}) of type {span.label!r} ends after the text "
                    f"({size} characters)",
                    where=f"document {self.id!r}",
                    remedy="offsets are characters of the text, end exclusive",
                )
        for name in ("words", "sentences"):
            ranges = getattr(self, name)
            if ranges is not None:
                object.__setattr__(self, name, _checked(tuple(map(tuple, ranges)), size, name, self.id))

    def __len__(self) -> int:
        return len(self.text)

    def covered(self, span: Span) -> str:
        """The text of a span (fragments joined by one blank)."""
        pieces = span.fragments or ((span.start, span.end),)
        return " ".join(self.text[start:end] for start, end in pieces)

    def with_spans(self, spans: Iterable[Span]) -> Document:
        """The same document with other spans."""
        return replace(self, spans=tuple(spans))


def _checked(
    ranges: tuple[tuple[int, int], ...], size: int, name: str, document: str
) -> tuple[tuple[int, int], ...]:
    """The ranges, if they are sorted, disjoint and inside the text."""
    last = 0
    for start, end in ranges:
        if not last <= start < end <= size:
            raise DataError(
                "D004", f"{name} are not sorted, disjoint and inside the text", where=f"document {document!r}"
            )
        last = end
    return ranges
