"""Layout: vectors as points of a plane, neighbours beside neighbours (exact t-SNE; van der Maaten and Hinton
2008).

Started from the two main directions instead of at random, so that the same vectors give the same map.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["plane"]

Floats = NDArray[np.float64]
ROUNDS, EARLY, EXAGGERATED = 500, 100, 8.0
RATE, MOMENTUM = 0.5, (0.5, 0.8)


def plane(vectors: NDArray[np.float32], *, perplexity: float = 15.0, rounds: int = ROUNDS) -> Floats:
    """Points float64 [n, 2] within [-1, 1] of vectors [n, size]. O(n^2) a round: for some hundreds."""
    n = len(vectors)
    if n < 3:
        return np.linspace(-0.5, 0.5, n)[:, None] * np.ones((1, 2)) if n else np.empty((0, 2))
    x = vectors.astype(np.float64)
    p = _neighbours(_distances(x), min(perplexity, (n - 1) / 3))
    centred = x - x.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    y = centred @ directions[:2].T
    y = 1e-2 * y / np.maximum(y.std(axis=0), 1e-12)
    step, rate = np.zeros_like(y), RATE * n
    for number in range(rounds):
        heavy = EXAGGERATED if number < EARLY else 1.0
        weight = 1.0 / (1.0 + _distances(y))
        np.fill_diagonal(weight, 0.0)
        pull = (heavy * p - weight / weight.sum()) * weight
        gradient = 4 * (pull.sum(axis=1)[:, None] * y - pull @ y)
        step = MOMENTUM[number >= EARLY] * step - rate / EXAGGERATED * gradient
        y = y + step
        y -= y.mean(axis=0)
    found: Floats = y / max(1e-12, float(np.abs(y).max()))
    return found


def _distances(x: Floats) -> Floats:
    """Squared distances [n, n]."""
    squares = (x**2).sum(axis=1)
    found: Floats = np.maximum(squares[:, None] + squares[None] - 2 * x @ x.T, 0.0)
    return found


def _neighbours(distances: Floats, perplexity: float) -> Floats:
    """Symmetric probabilities [n, n]; of each point the width is found by bisection."""
    n, wanted = len(distances), np.log(perplexity)
    off = ~np.eye(n, dtype=bool)
    scale = np.maximum(np.median(distances[off]), 1e-12)
    low, high, beta = np.zeros(n), np.full(n, np.inf), np.full(n, 1.0)
    p = np.zeros((n, n))
    for _ in range(40):
        raised = np.exp(-distances / scale * beta[:, None]) * off
        total = np.maximum(raised.sum(axis=1), 1e-300)
        p = raised / total[:, None]
        entropy = np.log(total) + beta * (distances / scale * p).sum(axis=1)
        wide = entropy > wanted
        low, high = np.where(wide, beta, low), np.where(wide, high, beta)
        beta = np.where(np.isinf(high), beta * 2, (low + np.where(np.isinf(high), 0, high)) / 2)
    found: Floats = np.maximum((p + p.T) / (2 * n), 1e-12)
    return found
