"""Calibration without a label of the user's: made-up schemas over held-out annotated text.

An episode draws a few concepts of the held-out part as if a user had named them. A candidate with one of them
has it as its type. One that nobody marked has none, nor has one whose concepts are far from all of the
schema's; one marked with nearer concepts is left out, for "politician" says nothing against "person". Kept
with the encoder are the weights of `method` that make the answers of many episodes most likely, and the
threshold with the best F1 on them.
"""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from silversmith.models.concepts import Background
from silversmith.models.concepts.calibration import Calibration, mention_odds
from silversmith.sources.concept.batches import Nearness
from silversmith.sources.concept.method import log_probabilities
from silversmith.sources.concept.table import Table

__all__ = ["EPISODES", "calibrate"]

EPISODES = 60
TYPES = (3, 14)
"""Least and most types of an episode."""
LEAST = 3
"""Held-out mentions that a concept needs to be drawn."""
FAR = 0.1
"""Cosine of two names below which one says that a mention is not the other."""
THRESHOLDS = np.linspace(0.02, 0.9, 89)

Floats = NDArray[np.float64]
Episode = tuple[Floats, NDArray[np.int64]]
"""(features [spans, types, 3], place of each span's type, or the number of types: none)."""


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
    """The weights and "threshold". spans: vectors [spans, size] of the table; names: of its concepts."""
    counts = np.asarray(table.marked.sum(axis=0)).reshape(-1)
    pool = np.nonzero(counts >= LEAST)[0]
    wide = Nearness(nearness.vectors, nearness.suffixes, FAR)
    most = max(1, len(pool) // 2)  # some mentions must be of no type
    parts = []
    for episode in range(episodes):
        draw = np.random.default_rng([seed, episode])
        size = min(most, int(draw.integers(*TYPES, endpoint=True)))
        chosen = np.sort(draw.choice(pool, size, replace=False, p=counts[pool] / counts[pool].sum()))
        parts.append(_episode(table, spans, names, background, wide, chosen))
    start = np.array([2.0, 0.7, -10.0])
    found = minimize(_loss, start, args=(parts,), jac=True, method="L-BFGS-B")
    weights = asdict(Calibration(*map(float, found.x)))
    return {**weights, "threshold": _threshold(found.x, parts)}


def _episode(
    table: Table,
    spans: NDArray[np.float32],
    names: NDArray[np.float32],
    background: Background,
    wide: Nearness,
    chosen: NDArray[np.int64],
) -> Episode:
    """What one made-up schema says of the proposed spans."""
    right = table.marked[:, chosen].toarray().astype(np.bool_)
    near = table.elsewhere[:, chosen].toarray().any(axis=1)
    rows = np.repeat(np.arange(len(near)), np.diff(table.marked.indptr))
    np.logical_or.at(near, rows, wide.among(table.marked.indices.astype(np.int64), chosen).any(axis=1))
    kept = ~np.isnan(table.mention) & (right.any(axis=1) | ~near)
    x = spans[kept].astype(np.float64) @ names[chosen].astype(np.float64).T
    mean, deviation = background.of_names(names[chosen])
    q = np.broadcast_to(mention_odds(table.mention[kept].tolist())[:, None], x.shape)
    features = np.stack([(x - mean) / deviation, q, np.ones_like(x)], axis=2)
    answer = np.where(right[kept].any(axis=1), right[kept].argmax(axis=1), len(chosen))
    return features, answer


def _loss(weights: Floats, parts: list[Episode]) -> tuple[float, Floats]:
    """Mean negative log-likelihood of all episodes, and its gradient."""
    total, gradient, count = 0.0, np.zeros(len(weights)), 0
    for features, answer in parts:
        types, none = log_probabilities(features @ weights)
        log_p = np.concatenate([types, none[:, None]], axis=1)
        rows = np.arange(len(answer))
        total -= float(log_p[rows, answer].sum())
        away = np.exp(log_p)
        away[rows, answer] -= 1.0
        gradient += np.einsum("nt,ntf->f", away[:, :-1], features)
        count += len(answer)
    return total / count, gradient / count


def _threshold(weights: Floats, parts: list[Episode]) -> float:
    """The least probability of the best type with the best micro F1 over all episodes."""
    sure, right, gold = [], [], 0
    for features, answer in parts:
        p = np.exp(log_probabilities(features @ weights)[0])
        sure.append(p.max(axis=1))
        right.append(p.argmax(axis=1) == answer)
        gold += int((answer < p.shape[1]).sum())
    scores, hits = np.concatenate(sure), np.concatenate(right)
    values = [2 * hits[scores >= t].sum() / max(1, (scores >= t).sum() + gold) for t in THRESHOLDS]
    return float(THRESHOLDS[int(np.argmax(values))])
