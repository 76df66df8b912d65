"""Multinomial logistic regression on sparse rows: L2 by L-BFGS, L1 by accelerated proximal gradient.

Minimised: sum_i weight_i (-log p_i[y_i]) + penalty(W) / C, with |W|_1 or |W|^2 / 2; the bias is free.
"""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from silversmith.sources.features.table import Csr

__all__ = ["fit_logistic"]

Floats = NDArray[np.float64]

SHARES = {"l2": (1.0, 0.0), "l1": (0.0, 1.0), "elastic": (0.5, 0.5)}
"""Penalty -> factors of |W|^2 / 2 and |W|_1."""


class _Loss:
    """Mean weighted loss and its gradient at parameters [columns + 1, classes], the last row the bias."""

    def __init__(
        self, x: Csr | NDArray[np.float32], y: NDArray[np.int32], classes: int, weight: Floats | None
    ) -> None:
        self.y, self.rows = y, np.arange(len(y))
        # The transpose in row order: its product is then as fast as the forward one.
        self.rows_of_x = x
        self.x, self.xt = _operator(x), _operator(x.T if isinstance(x, np.ndarray) else x.T.tocsr())
        self.weight = np.ones(len(y)) if weight is None else weight
        self.shape = (x.shape[1] + 1, classes)

    def forward(self, w: Floats) -> tuple[float, Floats]:
        """(loss, probabilities)."""
        scores = self.x(w[:-1].astype(np.float32)).astype(np.float64) + w[-1]
        scores -= scores.max(axis=1, keepdims=True)
        p = np.exp(scores)
        total = p.sum(axis=1)
        nll = np.log(total) - scores[self.rows, self.y]
        return float(self.weight @ nll) / len(self.y), p / total[:, None]

    def __call__(self, w: Floats) -> tuple[float, Floats]:
        """(loss, gradient)."""
        loss, p = self.forward(w)
        p[self.rows, self.y] -= 1.0
        p *= self.weight[:, None] / len(self.y)
        gradient = np.empty(self.shape)
        gradient[:-1] = self.xt(p.astype(np.float32))
        gradient[-1] = p.sum(axis=0)
        return loss, gradient


def _operator(x: Csr | NDArray[np.float32]) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Multiplication by x on all threads: torch's sparse product is threaded, scipy's is not."""
    import torch

    if isinstance(x, np.ndarray):
        dense = torch.from_numpy(x)
        return lambda w: np.asarray((dense @ torch.from_numpy(w)).numpy())
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support", category=UserWarning)
        pointers, columns = (torch.from_numpy(np.asarray(a, np.int64)) for a in (x.indptr, x.indices))
        matrix = torch.sparse_csr_tensor(
            pointers, columns, torch.from_numpy(x.data), size=x.shape, check_invariants=False
        )
    return lambda w: np.asarray((matrix @ torch.from_numpy(w)).numpy())


def fit_logistic(
    x: Csr | NDArray[np.float32],
    y: NDArray[np.int32],
    classes: int,
    *,
    penalty: Literal["l2", "l1", "elastic"] = "l2",
    strength: float = 1.0,
    weight: Floats | None = None,
    steps: int = 200,
    tolerance: float = 1e-4,
) -> tuple[Floats, Floats]:
    """(weights [columns, classes], bias [classes]).

    x: float32 [rows, columns], CSR (or dense for the baselines). y: int32 [rows], classes from 0.
    weight: [rows]; None: all 1. tolerance: on the relative fall of the objective a step.
    """
    loss = _Loss(x, y, classes, weight)
    factor = 1.0 / (strength * max(1, len(y)))
    ridge, lasso = SHARES[penalty]
    if not lasso:
        w = _lbfgs(loss, factor * ridge, steps, tolerance)
    else:
        w = _orthant(loss, factor * ridge, factor * lasso, steps, tolerance)
    return w[:-1], w[-1]


def _smooth(loss: _Loss, ridge: float, w: Floats) -> tuple[float, Floats]:
    """(loss + ridge / 2 |w|^2, gradient)."""
    value, gradient = loss(w)
    gradient[:-1] += ridge * w[:-1]
    return value + 0.5 * ridge * float((w[:-1] ** 2).sum()), gradient


def _lbfgs(loss: _Loss, ridge: float, steps: int, tolerance: float, memory: int = 10) -> Floats:
    """The L2 solution: L-BFGS with backtracking (scipy's spends ten times longer on its bounds)."""
    objective = partial(_smooth, loss, ridge)
    w = np.zeros(loss.shape)
    value, gradient = objective(w)
    pairs: deque[tuple[Floats, Floats, float]] = deque(maxlen=memory)
    for _ in range(steps):
        direction = _direction(gradient, pairs)
        slope, size = float(np.vdot(gradient, direction)), 1.0
        while True:
            tried = w + size * direction
            reached, following = objective(tried)
            if reached <= value + 1e-4 * size * slope or size < 1e-8:
                break
            size *= 0.5
        step, turn = tried - w, following - gradient
        if (curve := float(np.vdot(step, turn))) > 0:
            pairs.append((step, turn, curve))
        done = value - reached <= tolerance * abs(reached)
        w, value, gradient = tried, reached, following
        if done:
            break
    return w


def _direction(gradient: Floats, pairs: deque[tuple[Floats, Floats, float]]) -> Floats:
    """The two-loop recursion: minus the approximate inverse Hessian times the gradient."""
    q, factors = -gradient, []
    for step, turn, curve in reversed(pairs):
        factors.append(float(np.vdot(step, q)) / curve)
        q -= factors[-1] * turn
    if pairs:
        _, turn, curve = pairs[-1]
        q *= curve / float(np.vdot(turn, turn))
    else:
        q /= max(1.0, float(np.linalg.norm(gradient)))
    for (step, turn, curve), factor in zip(pairs, reversed(factors), strict=True):
        q += (factor - float(np.vdot(turn, q)) / curve) * step
    return q


def _orthant(
    loss: _Loss, ridge: float, lasso: float, steps: int, tolerance: float, memory: int = 10
) -> Floats:
    """The solution with an L1 part: L-BFGS within an orthant a step (OWL-QN; Andrew and Gao, 2007)."""
    objective = partial(_smooth, loss, ridge)
    limit = np.full(loss.shape, lasso)
    limit[-1] = 0.0
    w = np.zeros(loss.shape)
    smooth, gradient = objective(w)
    value = smooth
    pairs: deque[tuple[Floats, Floats, float]] = deque(maxlen=memory)
    for _ in range(steps):
        slope = _pseudo_gradient(w, gradient, limit)
        direction = _direction(slope, pairs)
        direction[direction * slope >= 0] = 0.0
        orthant = np.where(w != 0, np.sign(w), -np.sign(slope))
        size = 1.0
        while True:
            tried = w + size * direction
            tried[tried * orthant < 0] = 0.0
            smooth, following = objective(tried)
            reached = smooth + float((limit * np.abs(tried)).sum())
            if reached <= value + 1e-4 * float(np.vdot(slope, tried - w)) or size < 1e-8:
                break
            size *= 0.5
        step, turn = tried - w, following - gradient
        if (curve := float(np.vdot(step, turn))) > 0:
            pairs.append((step, turn, curve))
        done = value - reached <= tolerance * 0.1 * abs(reached)
        w, value, gradient = tried, reached, following
        if done:
            break
    return w


def _pseudo_gradient(w: Floats, gradient: Floats, limit: Floats) -> Floats:
    """The subgradient of loss + limit |w| of least size."""
    inside = np.sign(gradient) * np.maximum(np.abs(gradient) - limit, 0.0)
    return np.where(w != 0, gradient + limit * np.sign(w), inside)
