"""Calibration: do spans with probability p turn out right in a share p of cases?"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from silversmith.core import ConfigError

__all__ = ["Bin", "expected_calibration_error", "fit_temperature", "nll", "reliability", "softmax"]

BINS = 15
LOWEST, HIGHEST = 0.05, 20.0


@dataclass(frozen=True, slots=True)
class Bin:
    """Probabilities in (low, high]: how many, their mean (confidence), and the share right (accuracy)."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float

    def to_json(self) -> dict[str, float]:
        """The five numbers by name."""
        return asdict(self)


def reliability(probability: ArrayLike, correct: ArrayLike, *, bins: int = BINS) -> list[Bin]:
    """The reliability table: `bins` bins of equal width over (0, 1]; empty ones are left out.

    probability: [n], of the label that was given. correct: [n], whether it was right. A probability
    of 0 falls into the first bin. Raises ConfigError E005 for other lengths, bins < 1, p outside [0, 1].
    """
    p, right = np.asarray(probability, np.float64), np.asarray(correct, np.float64)
    if p.ndim != 1 or p.shape != right.shape or bins < 1:
        raise ConfigError("E005", f"{p.shape} probabilities, {right.shape} outcomes, {bins} bins")
    if not ((p >= 0) & (p <= 1)).all():
        raise ConfigError("E005", "a probability lies outside [0, 1]")
    edges = np.linspace(0, 1, bins + 1)
    which = np.clip(np.searchsorted(edges, p, side="left") - 1, 0, bins - 1)
    count = np.bincount(which, minlength=bins)
    confidence, accuracy = (np.bincount(which, values, minlength=bins) for values in (p, right))
    return [
        Bin(
            float(edges[at]),
            float(edges[at + 1]),
            int(count[at]),
            float(confidence[at] / count[at]),
            float(accuracy[at] / count[at]),
        )
        for at in np.flatnonzero(count)
    ]


def expected_calibration_error(probability: ArrayLike, correct: ArrayLike, *, bins: int = BINS) -> float:
    """ECE: the mean over bins of |accuracy - mean probability|, each bin weighted by its share of spans.

    Top-label ECE: one probability a span, that of the label given (O counts as a label). 15 bins of equal
    width, closed on the right, see `reliability`. No span: 0. Raises ConfigError E005 as there.
    """
    table = reliability(probability, correct, bins=bins)
    total = sum(one.count for one in table)
    return sum(one.count * abs(one.accuracy - one.confidence) for one in table) / total if total else 0.0


def softmax(scores: ArrayLike, temperature: float = 1.0) -> NDArray[np.float64]:
    """Probabilities [n, classes] of scores [n, classes]: exp(s/T), divided by the row's sum."""
    return np.exp(_log_softmax(np.asarray(scores, np.float64), temperature))


def nll(scores: ArrayLike, gold: ArrayLike, temperature: float = 1.0) -> float:
    """Mean negative log-likelihood (nats a span) of gold class indices [n] under scores [n, classes]."""
    logs = _log_softmax(np.asarray(scores, np.float64), temperature)
    return float(-logs[np.arange(len(logs)), np.asarray(gold, np.intp)].mean())


def fit_temperature(
    scores: ArrayLike, gold: ArrayLike, *, low: float = LOWEST, high: float = HIGHEST
) -> float:
    """The T in [low, high] whose softmax(scores / T) has the least NLL on held-out spans.

    scores: [n, classes]; gold: class index [n]. NLL is convex in 1/T, so one bounded search over log T
    finds the minimum. No span, or nothing to tell apart: 1. Raises ConfigError E005 for other lengths.
    """
    scores, gold = np.asarray(scores, np.float64), np.asarray(gold, np.intp)
    if scores.ndim != 2 or gold.shape != scores.shape[:1]:
        raise ConfigError("E005", f"scores {scores.shape} and gold {gold.shape} don't go together")
    if not scores.size or not np.ptp(scores, axis=1).any():
        return 1.0
    from scipy.optimize import minimize_scalar  # 0.2 s to import

    bounds = (float(np.log(low)), float(np.log(high)))
    found = minimize_scalar(
        lambda log: nll(scores, gold, float(np.exp(log))),
        bounds=bounds,
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(np.clip(np.exp(found.x), low, high))


def _log_softmax(scores: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Stable log-softmax over the last axis."""
    if scores.ndim != 2 or temperature <= 0:
        raise ConfigError("E005", f"scores of shape {scores.shape}, temperature {temperature}")
    scaled = scores / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    return np.asarray(scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True)), np.float64)
