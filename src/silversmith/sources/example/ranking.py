"""Ranking: the best spans of each type over a whole corpus, in bounded memory."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from silversmith.sources.example.pairs import Hit
from silversmith.sources.example.sentences import Sentence

__all__ = ["Ranked", "Ranking"]


@dataclass(frozen=True, slots=True, order=True)
class Ranked:
    """A span in a ranking; the order is that of the fields, the best first.

    document: its place in the corpus. start, end: characters of the document. type: its place.
    seed: place of the nearest example. mean: of the divergences, where score is scaled.
    """

    score: float
    document: int
    start: int
    end: int
    type: int
    document_id: str
    sentence: int
    seed: int
    mean: float
    text: str

    @classmethod
    def of(cls, sentence: Sentence, hit: Hit) -> Ranked:
        """A hit of a sentence."""
        start, end = sentence.place(hit.first, hit.last)
        inside = slice(sentence.words[hit.first][0], sentence.words[hit.last - 1][1])
        return cls(
            hit.score,
            sentence.document,
            start,
            end,
            hit.type,
            sentence.document_id,
            sentence.number,
            hit.seed,
            hit.mean,
            sentence.text[inside],
        )

    def to_json(self) -> list[Any]:
        """The fields in order."""
        return [getattr(self, name) for name in self.__slots__]


class Ranking:
    """At most `size` spans of each of `types` types. limits: scores above which nothing is kept at all."""

    def __init__(self, limits: list[float], size: int) -> None:
        self.limits, self.size = limits, size
        self._spans: list[list[Ranked]] = [[] for _ in limits]

    @property
    def bounds(self) -> list[float]:
        """For each type the score above which a span would not be kept any more."""
        return [
            min(limit, spans[-1].score) if len(spans) >= self.size else limit
            for limit, spans in zip(self.limits, self._spans, strict=True)
        ]

    def add(self, span: Ranked) -> None:
        """Take a span in if it is good enough."""
        spans = self._spans[span.type]
        if span.score <= self.limits[span.type]:
            insort(spans, span)
            del spans[self.size :]

    def counts(self) -> list[int]:
        """Spans a type."""
        return [len(spans) for spans in self._spans]

    def of(self, kind: int) -> list[Ranked]:
        """A type's spans, the best first."""
        return list(self._spans[kind])

    def __iter__(self) -> Iterator[Ranked]:
        """All spans, the best first."""
        return iter(sorted(span for spans in self._spans for span in spans))
