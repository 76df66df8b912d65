"""Decoders: from a network's scores of words to spans with probabilities; numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from silversmith.tagger.decode import Chain, best_tags
from silversmith.tagger.tags import TagSet, WordSpan

__all__ = ["Decoder", "Found", "SpanDecoder", "TagDecoder"]

Scores = NDArray[np.float32]
Found = tuple[int, int, dict[str, float]]
"""First word, last word + 1, label -> probability."""

CHUNK = 4096
"""Words whose spans are scored together."""


class Decoder(Protocol):
    """outputs: numbers a word."""

    outputs: int

    def spans(self, scores: Sequence[Scores]) -> list[list[WordSpan]]:
        """The spans of each document."""
        ...

    def found(self, scores: Sequence[Scores]) -> list[list[Found]]:
        """The same spans with probabilities."""
        ...


class TagDecoder:
    """BIOES tags of a linear chain; see decode.py. transitions: learned [K, K] or None."""

    def __init__(self, tags: TagSet, transitions: Scores | None = None) -> None:
        self.tags, self.transitions, self.outputs = tags, transitions, len(tags)

    def spans(self, scores: Sequence[Scores]) -> list[list[WordSpan]]:
        """The spans of the best legal tags."""
        return [self.tags.decode(path) for path in best_tags(scores, self.tags, self.transitions)]

    def found(self, scores: Sequence[Scores]) -> list[list[Found]]:
        """The spans with the probability of exactly these words being an entity of each label."""
        chain = Chain.of(scores, self.tags, self.transitions)
        return [
            [(first, last, chain.probabilities(number, first, last)) for first, last, _ in spans]
            for number, spans in enumerate(self.spans(scores))
        ]


class SpanDecoder:
    """Scores of every span; the surest stay, without overlap or (nested) without crossing."""

    def __init__(
        self, labels: Sequence[str], size: Scores, weight: Scores, bias: Scores, *, nested: bool = False
    ) -> None:
        self.labels, self.size, self.weight, self.bias, self.nested = labels, size, weight, bias, nested
        self.hidden = size.shape[1]
        self.outputs = 4 * self.hidden

    def spans(self, scores: Sequence[Scores]) -> list[list[WordSpan]]:
        """The spans, each with its most probable label."""
        return [
            [(first, last, max(p, key=p.__getitem__)) for first, last, p in one] for one in self.found(scores)
        ]

    def found(self, scores: Sequence[Scores]) -> list[list[Found]]:
        """The spans of each document, in order of place."""
        return [self._one(roles) for roles in scores]

    def _one(self, roles: Scores) -> list[Found]:
        candidates: list[tuple[float, int, int, NDArray[np.float32]]] = []
        reach = len(self.size)
        for begin in range(0, len(roles), CHUNK):
            part = roles[begin : begin + CHUNK + reach - 1]
            for size in range(1, min(reach, len(part)) + 1):
                p = self._probabilities(part, size, min(CHUNK, len(part) - size + 1))
                for place in np.flatnonzero(p[:, 0] < p[:, 1:].max(1)):
                    row = p[place, 1:]
                    candidates.append((-float(row.max()), begin + int(place), size, row))
        candidates.sort(key=lambda one: one[:3])
        kept: list[Found] = []
        for _, first, size, row in candidates:
            if not any(self._clash(first, first + size, low, high) for low, high, _ in kept):
                kept.append(
                    (first, first + size, dict(zip(self.labels, row.astype(float).tolist(), strict=True)))
                )
        return sorted(kept, key=lambda one: (one[0], -one[1]))

    def _clash(self, first: int, last: int, low: int, high: int) -> bool:
        """Whether two spans can't both stay."""
        if first >= high or low >= last:
            return False
        inside = (low <= first and last <= high) or (first <= low and high <= last)
        return not (self.nested and inside)

    def _probabilities(self, roles: Scores, size: int, count: int) -> Scores:
        """p over O and the labels, float32 [count, 1 + labels], of the spans of `size` words."""
        h = self.hidden
        start, end = roles[:count], roles[size - 1 : size - 1 + count]
        hidden = start[:, :h] + end[:, h : 2 * h] + start[:, 2 * h : 3 * h] * end[:, 3 * h :]
        logits = np.tanh(hidden + self.size[size - 1]) @ self.weight.T + self.bias
        p = np.exp(logits - logits.max(1, keepdims=True))
        normalised: Scores = p / p.sum(1, keepdims=True)
        return normalised
