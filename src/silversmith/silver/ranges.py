"""Range: a value with the bounds that hold it in 90 % of cases."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

__all__ = ["EDGE", "Z90", "Range", "logit", "sigmoid", "wilson"]

Z90 = 1.6448536269514722
"""Standard deviations of a two-sided 90 % interval."""

EDGE = 0.005
"""Shares nearer to 0 or 1 than this are not told from 0 or 1."""


@dataclass(frozen=True, slots=True)
class Range:
    """low <= value <= high, shares from 0 to 1."""

    low: float
    value: float
    high: float

    @property
    def width(self) -> float:
        """high - low."""
        return self.high - self.low

    def __contains__(self, share: float) -> bool:
        return self.low <= share <= self.high

    def to_json(self) -> dict[str, float]:
        """The three numbers, with four digits."""
        return {key: round(value, 4) for key, value in asdict(self).items()}

    def __str__(self) -> str:
        return f"{self.low:.2f} to {self.high:.2f}"


def wilson(hits: int, trials: int, z: float = Z90) -> Range:
    """A share with its Wilson interval; no trial: 0 to 1."""
    if not trials:
        return Range(0.0, 0.5, 1.0)
    p, square = hits / trials, z * z / trials
    centre = (p + square / 2) / (1 + square)
    spread = z * math.sqrt(p * (1 - p) / trials + square / (4 * trials)) / (1 + square)
    return Range(max(0.0, centre - spread), p, min(1.0, centre + spread))


def logit(share: float, edge: float = EDGE) -> float:
    """log(p / (1 - p)), p kept `edge` away from 0 and 1."""
    p = min(1 - edge, max(edge, share))
    return math.log(p / (1 - p))


def sigmoid(x: float) -> float:
    """The inverse of `logit`."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
