"""Pair: one span tested against one example, its sum of divergences growing side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from silversmith.sources.example.filled import Filled
from silversmith.sources.example.seeds import Seed
from silversmith.sources.example.sentences import Sentence
from silversmith.sources.example.windows import Window

__all__ = ["Hit", "Pair", "Scale", "Tested", "Work", "best_hits", "prune"]


@dataclass(frozen=True, slots=True)
class Scale:
    """A mean divergence on the scale of the type's first example: slope x mean + shift."""

    slope: float = 1.0
    shift: float = 0.0

    def __call__(self, mean: float) -> float:
        """The scaled mean."""
        return self.slope * mean + self.shift


@dataclass(frozen=True, slots=True)
class Hit:
    """A span that was kept: words [first, last) of its sentence.

    type, seed: places among types and examples. score: what is ranked; mean: of the divergences themselves.
    """

    first: int
    last: int
    type: int
    seed: int
    score: float
    mean: float


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of a sentence. floor: no score in it is below. read: whether it could be tested at all."""

    sentence: Sentence
    hits: tuple[Hit, ...] = ()
    floor: float = float("inf")
    read: bool = True


@dataclass(slots=True)
class Work:
    """A sentence in work: its windows with their places among the model's pieces."""

    sentence: Sentence
    windows: list[tuple[Window, Filled]] = field(default_factory=list)
    floor: float = float("inf")
    read: bool = True


@dataclass(slots=True)
class Pair:
    """total: of the values so far, of which there will be `count`. limit: a score above it is given up."""

    work: Work
    window: Window
    filled: Filled
    seed: Seed
    scale: Scale
    limit: float
    count: int
    total: float = 0.0
    alive: bool = True

    @property
    def score(self) -> float:
        """The scaled mean; before the end a lower bound of it, since no divergence is below 0."""
        return self.scale(self.total / self.count)

    @property
    def place(self) -> tuple[int, int, int]:
        """What the pairs of one span and type share: first word, last word (exclusive), type."""
        return self.window.first, self.window.last, self.seed.type


def prune(pairs: Iterable[Pair], several: str) -> list[Pair]:
    """The pairs that may still be kept; of the others their sentence remembers the bound.

    several: the rule for several examples; by "mean" a span's pairs stand and fall together.
    """
    kept = []
    for group in _together(pairs) if several == "mean" else ([pair] for pair in pairs):
        bound = _score(group, several)
        if bound > group[0].limit:
            group[0].work.floor = min(group[0].work.floor, bound)
            for pair in group:
                pair.alive = False
        else:
            kept += group
    return kept


def best_hits(pairs: Iterable[Pair], several: str) -> Iterator[tuple[Pair, Hit]]:
    """(best pair, hit) of each span and type among complete pairs."""
    for group in _together(pairs):
        best = min(group, key=lambda pair: (pair.score, pair.seed.number))
        score = _score(group, several)
        best.work.floor = min(best.work.floor, score)
        first, last, kind = best.place
        yield best, Hit(first, last, kind, best.seed.number, score, best.total / best.count)


def _score(group: Sequence[Pair], several: str) -> float:
    """A type's score from those of its examples."""
    scores = sorted(pair.score for pair in group)
    if several == "mean" and len(scores) > 1:
        return (scores[0] + scores[1]) / 2
    return scores[0]


def _together(pairs: Iterable[Pair]) -> Iterator[list[Pair]]:
    """Pairs of one sentence, span and type; they come sorted so."""
    for _, group in groupby(pairs, key=lambda pair: (id(pair.work), pair.place)):
        yield list(group)
