"""Calibration without a label of the user's: made-up schemas over held-out annotated text.

An episode draws a few concepts of the held-out part as if a user had named them; each candidate is then one
of them, none, or (where its concept is near one of them) left out. The four weights of `method` that make the
answers of many episodes most likely are kept with the encoder.
"""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from silversmith.models.concepts import Background
from silversmith.sources.concept.batches import Nearness
from silversmith.sources.concept.method import Calibration, mention_odds
from silversmith.sources.concept.table import Table

__all__ = ["EPISODES", "calibrate"]

EPISODES = 60
TYPES = (3, 12)
"""Least and most types of an episode."""
LEAST = 3
"""Held-out mentions that a concept needs to be drawn."""
NEAR = 0.6

Floats = NDArray[np.float64]


def calibrate(
    table: Table,
    spans: NDArray[np.float32],
    names: NDArray[np.float32],
    background: Background,
    nearness: Nearness,
    *,
    episodes: int = EPISODES,
    seed: int = 0,
) -> dict[str, float]:
    """The weights. spans: vectors [spans, size] of the table's spans; names: of all its concepts."""
    counts = np.asarray(table.marked.sum(axis=0)).reshape(-1)
    pool = np.nonzero(counts >= LEAST)[0]
    proposed = ~np.isnan(table.mention)
    q = mention_odds(table.mention[proposed].tolist())
    loose = Nearness(nearness.vectors, nearness.suffixes, NEAR)
    parts = []
    for episode in range(episodes):
        draw = np.random.default_rng([seed, episode])
        most = max(1, len(pool) // 2)  # some mentions must be of no type
        size = min(most, int(draw.integers(*TYPES, endpoint=True)))
        chosen = np.sort(draw.choice(pool, size, replace=False, p=counts[pool] / counts[pool].sum()))
        parts.append(_episode(table, spans, names, background, loose, chosen, proposed, q))
    start = np.array([1.5, 0.0, 0.5, -5.0])
    found = minimize(_loss, start, args=(parts,), jac=True, method="L-BFGS-B")
    return asdict(Calibration(*map(float, found.x)))


def _episode(
    table: Table,
    spans: NDArray[np.float32],
    names: NDArray[np.float32],
    background: Background,
    loose: Nearness,
    chosen: NDArray[np.int64],
    proposed: NDArray[np.bool_],
    q: Floats,
) -> tuple[Floats, NDArray[np.int64]]:
    """(features [spans, types, 4], place of each span's type, or the number of types: none)."""
    marked = table.marked[proposed]
    right = marked[:, chosen].toarray().astype(np.bool_)
    near = table.elsewhere[proposed][:, chosen].toarray().astype(np.bool_)
    rows = np.repeat(np.arange(marked.shape[0]), np.diff(marked.indptr))
    np.logical_or.at(near, rows, loose.among(marked.indices.astype(np.int64), chosen))
    kept = right.any(axis=1) | ~near.any(axis=1)
    x = spans[proposed][kept].astype(np.float64) @ names[chosen].astype(np.float64).T
    mean, deviation = background.of_names(names[chosen])
    mention = np.broadcast_to(q[kept, None], x.shape)
    features = np.stack([(x - mean) / deviation, x, mention, np.ones_like(x)], axis=2)
    answer = np.where(right[kept].any(axis=1), right[kept].argmax(axis=1), len(chosen))
    return features, answer


def _loss(weights: Floats, parts: list[tuple[Floats, NDArray[np.int64]]]) -> tuple[float, Floats]:
    """Mean negative log-likelihood of all episodes, and its gradient."""
    total, gradient, count = 0.0, np.zeros(len(weights)), 0
    for features, answer in parts:
        padded = np.concatenate([features @ weights, np.zeros((len(answer), 1))], axis=1)
        padded -= padded.max(axis=1, keepdims=True)
        p = np.exp(padded)
        p /= p.sum(axis=1, keepdims=True)
        rows = np.arange(len(answer))
        total -= float(np.log(np.maximum(p[rows, answer], 1e-300)).sum())
        p[rows, answer] -= 1.0
        gradient += np.einsum("nt,ntf->f", p[:, :-1], features)
        count += len(answer)
    return total / count, gradient / count
