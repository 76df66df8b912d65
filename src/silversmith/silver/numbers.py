"""Numbers of noise: how many of n spans a rate hits, in whole-number arithmetic."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import numpy as np

__all__ = ["Count", "ceil_count", "hit_count"]

Count = Literal["ceil", "unbiased"]
"""How p n becomes a whole number."""


def ceil_count(rate: float, n: int) -> int:
    """ceil(rate * n) without rounding errors: 0.1 * 30 is 3, and not 4."""
    p = Fraction(repr(float(rate)))  # the decimal number as written, not its binary neighbour
    return -(-p.numerator * n // p.denominator)


def hit_count(rate: float, n: int, count: Count, rng: np.random.Generator) -> int:
    """How many of n spans are hit: ceil(rate n), or floor or ceil by chance with mean rate n."""
    if count == "ceil":
        return ceil_count(rate, n)
    whole = int(rate * n)
    return min(n, whole + bool(rng.random() < rate * n - whole))
