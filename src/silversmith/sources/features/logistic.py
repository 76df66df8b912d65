"""Multinomial logistic regression on sparse rows: L2 by L-BFGS, L1 by accelerated proximal gradient.

Minimised: sum_i weight_i (-log p_i[y_i]) + penalty(W) / C, with |W|_1 or |W|^2 / 2; the bias is free.
"""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from silversmith.sources.features.table import Csr

__all__ = ["fit_logistic"]

Floats = NDArray[np.float64]


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
    penalty: Literal["l2", "l1"] = "l2",
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
    solve = _lbfgs if penalty == "l2" else _proximal
    w = solve(loss, factor, steps, tolerance)
    return w[:-1], w[-1]


def _lbfgs(loss: _Loss, factor: float, steps: int, tolerance: float, memory: int = 10) -> Floats:
    """The L2 solution: L-BFGS with backtracking (scipy's spends ten times longer on its bounds)."""

    def objective(w: Floats) -> tuple[float, Floats]:
        value, gradient = loss(w)
        gradient[:-1] += factor * w[:-1]
        return value + 0.5 * factor * float((w[:-1] ** 2).sum()), gradient

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


def _proximal(loss: _Loss, factor: float, steps: int, tolerance: float) -> Floats:
    """The L1 solution: FISTA with a diagonal metric, backtracking and restarts."""
    size: Any = abs(loss.rows_of_x)  # CSR or dense alike
    rows = np.asarray(size.sum(axis=1)).ravel() + 1.0
    # |X|' (|X| 1 + 1) / 2n bounds the Hessian column by column: rare latents may take long steps.
    metric = np.append(np.asarray(size.T @ (rows * loss.weight)).ravel(), rows @ loss.weight)
    metric = np.maximum(metric, 1e-6)[:, None] * (0.5 / len(loss.y))
    limit = np.full((loss.shape[0], 1), factor)
    limit[-1] = 0.0
    w = z = np.zeros(loss.shape)
    scale, moment, last = 0.05, 1.0, np.inf
    for _ in range(steps * 3):
        value, gradient = loss(z)
        while True:
            step = 1.0 / (scale * metric)
            raw = z - step * gradient
            new = np.sign(raw) * np.maximum(np.abs(raw) - step * limit, 0.0)
            move = new - z
            bound = value + float((gradient * move).sum()) + 0.5 * scale * float((metric * move**2).sum())
            reached = loss.forward(new)[0]
            if reached <= bound + 1e-7 * abs(bound) or scale > 1.0:
                break
            scale *= 2.0
        total = reached + factor * float(np.abs(new[:-1]).sum())
        if total > last:
            moment = 1.0
        following = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * moment**2))
        z = new + ((moment - 1.0) / following) * (new - w)
        done = abs(last - total) <= tolerance * 0.1 * max(1.0, abs(total))
        w, moment, last = new, following, total
        if done:
            break
    return w
