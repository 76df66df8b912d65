"""Quality of labels on given spans: the one number that cross-validation and the grid compare."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["weighted_f1"]


def weighted_f1(y: NDArray[np.int32], predicted: NDArray[np.int64], classes: int) -> float:
    """Support-weighted mean of the F1 of all classes but the last, O (`evaluation.typing_counts` in bulk).

    y, predicted: [spans], classes from 0.
    """
    gold = np.bincount(y, minlength=classes)[: classes - 1]
    hits = np.bincount(y[y == predicted], minlength=classes)[: classes - 1]
    given = np.bincount(predicted, minlength=classes)[: classes - 1]
    f1 = 2 * hits / np.maximum(gold + given, 1)
    return float((f1 * gold).sum() / max(1, gold.sum()))
