"""BIOES tags of typed spans of words: names, which may follow which, spans to tags and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from silversmith.core import OUTSIDE

__all__ = ["TagSet", "WordSpan"]

WordSpan = tuple[int, int, str]
"""First word, last word + 1, label."""


@dataclass(frozen=True, slots=True)
class TagSet:
    """The tags of some labels: O, then B, I, E, S of each label in order, K = 1 + 4 labels in all.

    names: the K tags. allowed: bool [K, K], whether the column's tag may follow the row's. first, last:
    bool [K], whether a sequence may begin or end with the tag.
    """

    labels: tuple[str, ...]
    names: tuple[str, ...] = field(init=False)
    allowed: NDArray[np.bool_] = field(init=False, compare=False, repr=False)
    first: NDArray[np.bool_] = field(init=False, compare=False, repr=False)
    last: NDArray[np.bool_] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        names = (OUTSIDE, *(f"{part}-{label}" for label in self.labels for part in "BIES"))
        part = np.array(["O", *"BIES" * len(self.labels)])
        label = np.array([-1, *np.repeat(np.arange(len(self.labels)), 4)])
        closed, opens = np.isin(part, ["O", "E", "S"]), np.isin(part, ["O", "B", "S"])
        goes_on = (~closed[:, None]) & (~opens[None, :]) & (label[:, None] == label[None, :])
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "allowed", (closed[:, None] & opens[None, :]) | goes_on)
        object.__setattr__(self, "first", opens)
        object.__setattr__(self, "last", closed)

    def __len__(self) -> int:
        return len(self.names)

    def encode(self, words: int, spans: Sequence[WordSpan]) -> NDArray[np.int64]:
        """Tags [words] of disjoint spans. Raises KeyError for a label that is not in the set."""
        place = {label: 1 + 4 * number for number, label in enumerate(self.labels)}
        tags = np.zeros(words, np.int64)
        for first, last, label in spans:
            begin = place[label]
            if last - first == 1:
                tags[first] = begin + 3
            else:
                tags[first:last] = begin + 1
                tags[first], tags[last - 1] = begin, begin + 2
        return tags

    def decode(self, tags: NDArray[np.int64]) -> list[WordSpan]:
        """The spans of a sequence of tags in which every tag may follow the one before."""
        spans, begin = [], 0
        for place in np.flatnonzero(tags):
            part = (tags[place] - 1) % 4
            if part in (0, 3):
                begin = int(place)
            if part in (2, 3):
                spans.append((begin, int(place) + 1, self.labels[(tags[place] - 1) // 4]))
        return spans
