"""Dense baselines on the same spans and states: MLP probe, shrunk LDA, logistic regression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from silversmith.sources.features.cues import cue_matrix
from silversmith.sources.features.logistic import fit_logistic
from silversmith.sources.features.options import Role
from silversmith.sources.features.pooling import role_matrix
from silversmith.sources.features.table import SpanTable

__all__ = ["Scorer", "dense_vectors", "fit_dense_logistic", "fit_lda", "fit_mlp"]

Scorer: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float64]]
"""Span vectors [spans, width] -> scores [spans, classes], whose softmax are probabilities."""

ROLES: tuple[Role, ...] = ("span", "first", "last", "left", "right")


def dense_vectors(
    states: NDArray[np.float32], table: SpanTable, roles: Sequence[Role] = ROLES, *, cues: bool = False
) -> NDArray[np.float32]:
    """Mean, first, last, left and right neighbour states side by side: float32 [spans, roles x width]."""
    parts = [np.asarray(role_matrix(table, role, len(states)) @ states, np.float32) for role in roles]
    if cues:
        parts.append(cue_matrix(table.cues).toarray())
    return np.concatenate(parts, axis=1)


def _scale(x: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and one over the standard deviation of each column."""
    mean = x.mean(axis=0)
    return mean, (1.0 / np.maximum(x.std(axis=0), 1e-3)).astype(np.float32)


def fit_dense_logistic(
    x: NDArray[np.float32], y: NDArray[np.int32], classes: int, *, strength: float = 0.003
) -> Scorer:
    """L2 multinomial logistic regression on standardised columns."""
    mean, factor = _scale(x)
    w, bias = fit_logistic((x - mean) * factor, y, classes, strength=strength)
    w = w * factor[:, None]
    bias = bias - mean @ w
    return lambda new: np.asarray(new @ w.astype(np.float32), np.float64) + bias


def fit_lda(x: NDArray[np.float32], y: NDArray[np.int32], classes: int, *, priors: bool = False) -> Scorer:
    """Linear discriminants, the covariance shrunk towards a sphere (Ledoit and Wolf 2004).

    priors: the classes' shares in y, else equal ones.
    """
    means = np.zeros((classes, x.shape[1]))
    present = np.bincount(y, minlength=classes) > 0
    for label in np.flatnonzero(present):
        means[label] = x[y == label].mean(axis=0)
    centred = (x - means[y]).astype(np.float32)
    n, width = centred.shape
    sample = (centred.T @ centred).astype(np.float64) / n
    sphere = np.trace(sample) / width
    spread = ((sample - sphere * np.eye(width)) ** 2).sum()
    noise = (np.square((centred**2).sum(axis=1, dtype=np.float64)).sum() / n - (sample**2).sum()) / n
    shrink = min(1.0, max(0.0, noise / max(spread, 1e-12)))
    covariance = (1 - shrink) * sample + shrink * sphere * np.eye(width)
    w = np.linalg.solve(covariance, means.T)
    bias = -0.5 * np.einsum("cw,wc->c", means, w)
    if priors:
        bias += np.log(np.maximum(np.bincount(y, minlength=classes), 1) / n)
    bias[~present] = -1e9
    return lambda new: np.asarray(new @ w.astype(np.float32), np.float64) + bias


def fit_mlp(
    x: NDArray[np.float32],
    y: NDArray[np.int32],
    classes: int,
    *,
    seed: int = 0,
    hidden: int = 512,
    epochs: int = 20,
    rate: float = 1e-3,
    batch: int = 256,
) -> Scorer:
    """The paper's probe: one hidden layer of 512 units, ReLU; AdamW with a falling rate."""
    import torch
    from torch import nn

    mean, factor = _scale(x)
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(x.shape[1], hidden), nn.ReLU(), nn.Dropout(0.1), nn.Linear(hidden, classes))
    inputs, targets = torch.from_numpy((x - mean) * factor), torch.from_numpy(y.astype(np.int64))
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.01)
    steps = epochs * -(-len(y) // batch)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.01, steps)
    for _ in range(epochs):
        order = torch.randperm(len(y), generator=generator)
        for start in range(0, len(y), batch):
            index = order[start : start + batch]
            optimiser.zero_grad()
            loss = nn.functional.cross_entropy(net(inputs[index]), targets[index])
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    net.eval()

    def score(new: NDArray[np.float32]) -> NDArray[np.float64]:
        with torch.inference_mode():
            found = net(torch.from_numpy((new - mean) * factor))
        return np.asarray(found.numpy(), np.float64)

    return score
