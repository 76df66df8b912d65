"""The best legal sequence of tags, and the probability of a span, of a linear chain.

score(y) = sum_t emission[t, y_t] + transition[y_t-1, y_t], over legal sequences only (BIOES). The best
one is found by Viterbi's algorithm; p(span) sums all legal sequences that hold exactly this span, by the
forward-backward algorithm, so the probabilities of overlapping spans add up to at most 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from silversmith.tagger.tags import TagSet, WordSpan

__all__ = ["Chain", "best_tags"]

Floats = NDArray[np.float64]
FLOOR = -50.0
"""Least log emission relative to the word's best one: keeps the scaled sums above zero."""


def _transitions(tags: TagSet, learned: NDArray[np.float32] | None) -> Floats:
    """[K, K] log weights, -inf where illegal."""
    weights = np.zeros(tags.allowed.shape) if learned is None else learned.astype(np.float64)
    return np.where(tags.allowed, weights, -np.inf)


def _padded(emissions: Sequence[NDArray[np.float32]], width: int) -> tuple[Floats, NDArray[np.int64]]:
    """[longest, sequences, K] scores relative to each word's best one, and the lengths."""
    lengths = np.array([len(one) for one in emissions], np.int64)
    table = np.zeros((int(lengths.max(initial=0)), len(emissions), width))
    for number, one in enumerate(emissions):
        if len(one):
            rows = one.astype(np.float64)
            table[: len(one), number] = np.maximum(rows - rows.max(1, keepdims=True), FLOOR)
    return table, lengths


def best_tags(
    emissions: Sequence[NDArray[np.float32]], tags: TagSet, transitions: NDArray[np.float32] | None = None
) -> list[NDArray[np.int64]]:
    """The best legal tags of each sequence, int64 [words], of its log scores float32 [words, K]."""
    table, lengths = _padded(emissions, len(tags))
    if not len(table):
        return [np.zeros(0, np.int64) for _ in emissions]
    steps = _transitions(tags, transitions).T  # [to, from]
    score = np.where(tags.first, table[0], -np.inf)
    back = np.zeros((len(table), *score.shape), np.int16)
    final = np.where(tags.last, 0.0, -np.inf)
    ends = np.zeros(len(lengths), np.int64)
    for place in range(len(table)):
        if place:
            ways = score[:, None, :] + steps
            back[place] = ways.argmax(2)
            score = (
                np.take_along_axis(ways, back[place][:, :, None].astype(np.int64), 2)[:, :, 0] + table[place]
            )
        (done,) = np.nonzero(lengths == place + 1)
        ends[done] = (score[done] + final).argmax(1)
    return [
        _trace(back[:, number], int(size), int(end))
        for number, (size, end) in enumerate(zip(lengths, ends, strict=True))
    ]


def _trace(back: NDArray[np.int16], size: int, end: int) -> NDArray[np.int64]:
    """The tags that lead to the last one."""
    path = np.zeros(size, np.int64)
    for place in range(size - 1, -1, -1):
        path[place] = end
        end = int(back[place, end])
    return path


@dataclass(slots=True)
class Chain:
    """Scaled forward and backward sums of some sequences (longest, sequences, K), for span probabilities."""

    tags: TagSet
    steps: Floats
    weights: Floats
    forward: Floats
    backward: Floats
    scale: Floats
    lengths: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        emissions: Sequence[NDArray[np.float32]],
        tags: TagSet,
        transitions: NDArray[np.float32] | None = None,
    ) -> Chain:
        """Both passes over the log scores float32 [words, K] of each sequence."""
        table, lengths = _padded(emissions, len(tags))
        steps, weights = np.exp(_transitions(tags, transitions)), np.exp(table)
        forward, backward = np.zeros_like(weights), np.zeros_like(weights)
        scale = np.ones(weights.shape[:2])
        last = tags.last.astype(np.float64)
        for place in range(len(weights)):
            before = forward[place - 1] @ steps if place else tags.first.astype(np.float64)
            forward[place] = before * weights[place]
            scale[place] = np.maximum(forward[place].sum(1), 1e-300)
            forward[place] /= scale[place][:, None]
        for place in range(len(weights) - 1, -1, -1):
            ending = (lengths == place + 1)[:, None]
            if place + 1 < len(weights):
                after = (backward[place + 1] * weights[place + 1] / scale[place + 1][:, None]) @ steps.T
                backward[place] = np.where(ending, last, after)
            else:
                backward[place] = np.where(ending, last, 0.0)
        total = np.array([forward[size - 1, n] @ last if size else 1.0 for n, size in enumerate(lengths)])
        backward /= np.maximum(total, 1e-300)[None, :, None]
        return cls(tags, steps, weights, forward, backward, scale, lengths)

    def probabilities(self, sequence: int, first: int, last: int) -> dict[str, float]:
        """Label -> probability that exactly [first, last) is a span of it."""
        return {
            label: self._one(sequence, first, last, 1 + 4 * number)
            for number, label in enumerate(self.tags.labels)
        }

    def span(self, sequence: int, span: WordSpan) -> float:
        """The probability of one span."""
        return self._one(sequence, span[0], span[1], 1 + 4 * self.tags.labels.index(span[2]))

    def _one(self, n: int, first: int, last: int, begin: int) -> float:
        size = last - first
        path = [begin + 3] if size == 1 else [begin, *[begin + 1] * (size - 2), begin + 2]
        before = self.forward[first - 1, n] @ self.steps if first else self.tags.first.astype(np.float64)
        value = before[path[0]] * self.weights[first, n, path[0]] / self.scale[first, n]
        for place in range(1, size):
            step = self.steps[path[place - 1], path[place]] * self.weights[first + place, n, path[place]]
            value *= step / self.scale[first + place, n]
        return float(min(1.0, value * self.backward[last - 1, n, path[-1]]))
