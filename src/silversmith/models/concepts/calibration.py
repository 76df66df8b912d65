"""How likeness to a name and being a mention at all become log-odds; shared by all who ask a concept encoder.

l = a z + g q + h      z: likeness in deviations of the background, q: log-odds that the span is a mention
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Calibration", "mention_odds"]

UNKNOWN = 0.2
"""Mention probability of a span whose generator gives none."""
LEAST = 0.01
ROUGH = {"deviation": 2.0, "mention": 0.7, "constant": -10.0, "threshold": 0.5}
"""For an encoder that was never calibrated."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """a, g and h of the equation; threshold: the one with the best F1 on the encoder's held-out text."""

    deviation: float
    mention: float
    constant: float
    threshold: float = ROUGH["threshold"]

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Calibration:
        """From an encoder's facts; rough values where it has none."""
        known = {**ROUGH, **facts.get("calibration", {})}
        return cls(**{name: float(known[name]) for name in cls.__slots__})


def mention_odds(probabilities: Sequence[float | None] | NDArray[np.float32]) -> NDArray[np.float64]:
    """q of each span, float64 [spans]. probabilities: None or NaN where none is known."""
    p = np.array(probabilities, np.float64)
    p = np.clip(np.where(np.isnan(p), UNKNOWN, p), LEAST, 1 - LEAST)
    return np.asarray(np.log(p) - np.log1p(-p))
