"""Calibration of one type: up to which score a span is kept, and what a score means as a probability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silversmith.silver.ranges import wilson

__all__ = ["Calibration", "decoy_threshold", "fit_answers", "isotonic"]

Z95 = 1.96
LEAST = 1e-6
"""No probability is below, so that its logarithm is a number."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """threshold: largest score kept. method: given, decoys, top or answers.

    points: (score, probability), scores ascending, from answers; without any the probability is
    2 ** (-score / threshold): one half at the threshold, and its logarithm falls evenly with the score.
    low, high: 95 % interval of the precision above the threshold, from answers. half: the score of
    probability one half, where it isn't the threshold.
    """

    threshold: float
    method: str = "given"
    points: tuple[tuple[float, float], ...] = ()
    low: float | None = None
    high: float | None = None
    half: float | None = None

    def probability(self, score: float) -> float:
        """Probability that a span of this score is of the type."""
        if self.points:
            scores, chances = zip(*self.points, strict=True)
            found = float(np.interp(score, scores, chances))
        else:
            found = 2.0 ** -min(100.0, max(0.0, score) / (self.half or self.threshold))
        return min(1.0, max(LEAST, found))

    def at_probability(self, least: float) -> Calibration:
        """The same probabilities with the threshold where they reach `least`, above 0 and below 1."""
        if self.points:
            enough = [score for score, chance in self.points if chance >= least]
            threshold = max([*enough, 1e-9])
        else:
            threshold = -log2(least) * (self.half or self.threshold)
        return replace(self, threshold=threshold, half=self.half or self.threshold)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "threshold": self.threshold,
            "method": self.method,
            "points": [list(one) for one in self.points],
            "low": self.low,
            "high": self.high,
            "half": self.half,
        }

    @classmethod
    def of_json(cls, values: dict[str, Any]) -> Calibration:
        """From `to_json`."""
        points = tuple((float(a), float(b)) for a, b in values["points"])
        low, high, half = (values[key] for key in ("low", "high", "half"))
        return cls(values["threshold"], values["method"], points, low, high, half)


def decoy_threshold(
    scores: Sequence[float], decoys: Sequence[float], false_share: float, decoy_share: float = 1.0
) -> float | None:
    """The largest observed score t with decoy_share x F0(t) / F(t) <= false_share; None if there is none.

    F0, F: share of the decoys and of all candidates at or below t.
    """
    if not len(scores) or not len(decoys):
        return None
    everything, false = np.sort(np.asarray(scores)), np.sort(np.asarray(decoys))
    below = np.searchsorted(everything, everything, side="right") / len(everything)
    wrong = np.searchsorted(false, everything, side="right") / len(false)
    (good,) = np.nonzero(decoy_share * wrong <= false_share * below)
    return float(everything[good[-1]]) if len(good) else None


def isotonic(values: Sequence[float]) -> NDArray[np.float64]:
    """The non-increasing sequence nearest to `values` in squares (pool adjacent violators)."""
    pools: list[list[float]] = []  # [mean, size]
    for value in values:
        pools.append([float(value), 1.0])
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            mean, size = pools.pop()
            total = pools[-1][1] + size
            pools[-1] = [(pools[-1][0] * pools[-1][1] + mean * size) / total, total]
    return np.repeat([mean for mean, _ in pools], [int(size) for _, size in pools])


def fit_answers(answers: Sequence[tuple[float, bool]], precision: float) -> Calibration | None:
    """The calibration of a type from (score, right or wrong), spread evenly over its ranking.

    The threshold is the largest score above which the answers' precision, made monotone, is as wanted; None
    if even the best scores fall short.
    """
    ordered = sorted(answers)
    scores = [score for score, _ in ordered]
    fitted = isotonic([float(right) for _, right in ordered])
    running = np.cumsum(fitted) / np.arange(1, len(fitted) + 1)
    (good,) = np.nonzero(running >= precision - 1e-12)
    if not len(good):
        return None
    last = int(good[-1])
    right = sum(answer for _, answer in ordered[: last + 1])
    points = tuple(zip(scores, map(float, fitted), strict=True))
    sure = wilson(right, last + 1, Z95)
    return Calibration(max(scores[last], 1e-9), "answers", points, sure.low, sure.high)
