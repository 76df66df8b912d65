"""The label model: span-level Dawid and Skene (1979) with abstention, by expectation maximisation.

With y the truth of a span (a type, or O) and o_j what source j says of it:

    q(y) ~ pi_y prod_j theta_j[y, o_j]^w_j                             pi_y = mean q(y)
    theta_j[y, o] = (sum_i q_i(y) 1[o_ij = o] + a[y, o]) / (row sum)   a: 7 : 3 for naming y against the rest

The spans that nobody proposed belong to it too, one a word of the texts: all sources are silent there.
Without them the model would not see how rarely a source is wrong, and would take a class for O that has names
of its own.

w_j: sources whose agreement exceeds what q explains by more than 0.2 share one vote. The prior keeps labels
from swapping; it weighs as much as `weight` spans of each class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from silversmith.silver.fusing.candidates import BESIDE, SILENT, Table

__all__ = ["LabelModel", "fit_label_model", "majority"]

Floats = NDArray[np.float64]
ROUNDS, SETTLED = 100, 1e-5
RIGHT, WRONG = 0.7, 0.3
EXCESS, COPY = 0.2, 0.95
TOGETHER = 50
"""Spans that two sources must both name before they can count as correlated."""


@dataclass(frozen=True)
class LabelModel:
    """What was learned. theta: float64 [sources, classes, observations], the last class is O. pi: float64
    [classes]. weights: float64 [sources]. rounds: of EM."""

    theta: Floats
    pi: Floats
    weights: Floats
    rounds: int

    def contributions(self, table: Table) -> Floats:
        """w_j log theta_j[y, o_j], float64 [spans, sources, classes]."""
        sources = np.arange(len(table.sources))
        logs = np.log(self.theta)
        found: Floats = logs[sources[None, :], :, table.seen] * self.weights[None, :, None]
        return found

    def posterior(self, table: Table) -> Floats:
        """q, float64 [spans, classes]."""
        return _normalised(np.log(self.pi)[None] + self.contributions(table).sum(axis=1))

    def silence(self) -> Floats:
        """q of a span that nobody proposed, float64 [classes]."""
        logs = np.log(self.pi) + (np.log(self.theta[:, :, SILENT]) * self.weights[:, None]).sum(axis=0)
        found: Floats = _normalised(logs[None])[0]
        return found

    def reliability(self, table: Table, q: Floats) -> dict[str, dict[str, dict[str, float]]]:
        """Source -> type -> estimated precision, recall among the spans proposed by any, and spans named."""
        votes = table.votes()
        found: dict[str, dict[str, dict[str, float]]] = {}
        for j, source in enumerate(table.sources):
            found[source] = {}
            for kind, name in enumerate(table.types):
                mine = votes[:, j] == kind
                right = float(q[mine, kind].sum())
                found[source][name] = {
                    "precision": right / max(1, int(mine.sum())),
                    "recall": right / max(1e-9, float(q[:, kind].sum())),
                    "spans": int(mine.sum()),
                }
        return found


def fit_label_model(table: Table, *, weight: float = 10.0, correlated: bool = True) -> LabelModel:
    """Learn from agreement alone. correlated: look for sources that must share a vote."""
    prior, size = _prior(table, weight), len(table.sources)
    groups = [frozenset([n]) for n in range(size)]
    model = _em(table, majority(table), prior, np.ones(size))
    while correlated and (pair := _correlated(table, model, groups)) is not None:
        joined = groups[pair[0]] | groups[pair[1]]
        groups = [*(one for n, one in enumerate(groups) if n not in pair), joined]
        weights = np.array([1 / len(group) for n in range(size) for group in groups if n in group])
        model = _em(table, majority(table, weights), prior, weights)
    return model


def majority(table: Table, weights: Floats | None = None) -> Floats:
    """q by weighted majority, float64 [spans, classes]: each source that names a type gives it its
    probability, one that doesn't name the span gives half a vote to O."""
    w = np.ones(len(table.sources)) if weights is None else weights
    named = table.seen >= 2
    votes = (table.chances * w[None, :, None]).sum(axis=1)
    against = ((1 - table.chances.sum(axis=2)) * named * w[None]).sum(axis=1)
    against = against + 0.5 * (~named * w[None]).sum(axis=1)
    q = np.concatenate([votes, np.maximum(against, 1e-6)[:, None]], axis=1)
    normal: Floats = q / q.sum(axis=1, keepdims=True)
    return normal


def _em(table: Table, q: Floats, prior: Floats, weights: Floats) -> LabelModel:
    """From a first q until it stands still."""
    silence = np.zeros(q.shape[1])
    silence[-1] = 1.0
    model = _maximise(table, q, silence, prior, weights, 0)
    for number in range(1, ROUNDS + 1):
        after = model.posterior(table)
        change = float(np.abs(after - q).mean()) if len(q) else 0.0
        q = after
        model = _maximise(table, q, model.silence(), prior, weights, number)
        if change < SETTLED:
            break
    return model


def _maximise(
    table: Table, q: Floats, silence: Floats, prior: Floats, weights: Floats, rounds: int
) -> LabelModel:
    """theta and pi of q. silence: q of a span that nobody proposed."""
    count = np.zeros_like(prior)
    for j in range(len(table.sources)):
        np.add.at(count[j].T, table.seen[:, j], q)
    count[:, :, SILENT] += table.unseen * silence
    theta = count + prior
    theta /= theta.sum(axis=2, keepdims=True)
    pi = q.sum(axis=0) + table.unseen * silence + 1.0
    return LabelModel(theta, pi / pi.sum(), weights, rounds)


def _prior(table: Table, weight: float) -> Floats:
    """a, float64 [sources, classes, observations].

    Of a type: naming it has the share RIGHT of what is no silence, the rest is spread. Of O: almost always
    silence. How often each source is silent at all comes from its own counts.
    """
    classes, observations = len(table.types) + 1, table.observations
    prior = np.full((len(table.sources), classes, observations), 1e-3)
    for j in range(len(table.sources)):
        silent = float(np.clip((table.seen[:, j] == SILENT).mean(), 0.05, 0.95)) if len(table.seen) else 0.5
        wrong = len(table.seen) / max(1, len(table.seen) + table.unseen)
        for kind in range(classes - 1):
            own = slice(2 + kind * table.bins, 2 + (kind + 1) * table.bins)
            prior[j, kind, 2:] += (1 - silent) * WRONG / (observations - 1)
            prior[j, kind, BESIDE] += (1 - silent) * WRONG / (observations - 1)
            prior[j, kind, own] += (1 - silent) * RIGHT / table.bins
            prior[j, kind, SILENT] += silent
        prior[j, -1, 2:] += WRONG * wrong / (observations - 2)
        prior[j, -1, BESIDE] += WRONG * wrong
        prior[j, -1, SILENT] += 1 - 2 * WRONG * wrong
    scaled: Floats = weight * prior / prior.sum(axis=2, keepdims=True)
    return scaled


def _correlated(table: Table, model: LabelModel, groups: Sequence[frozenset[int]]) -> tuple[int, int] | None:
    """The two groups with the largest excess of agreement, if it is above EXCESS.

    A pair's agreement is the share of spans that both give one name, of those that either names; what
    independent sources would have follows from q without the two. As that q says little where only one other
    group is left, such pairs are asked only whether they are copies.
    """
    parts, votes = model.contributions(table), table.votes()
    silent = np.log(model.theta[:, :, SILENT]) * model.weights[:, None]
    worst, found = EXCESS, None
    for a, b in combinations(range(len(groups)), 2):
        others = [k for n, group in enumerate(groups) if n not in (a, b) for k in sorted(group)]
        for i, j in product(sorted(groups[a]), sorted(groups[b])):
            either = (votes[:, i] >= 0) | (votes[:, j] >= 0)
            same = (votes[:, i] >= 0) & (votes[:, i] == votes[:, j])
            if same.sum() < TOGETHER:
                continue
            agreement = float(same.sum() / either.sum())
            if len(groups) < 4:
                excess = EXCESS + agreement - COPY
            else:
                q = _normalised(np.log(model.pi) + parts[:, others].sum(axis=1))
                unseen = _normalised((np.log(model.pi) + silent[others].sum(axis=0))[None])[0] * table.unseen
                excess = agreement - _expected(votes[:, [i, j]], len(table.types), q, unseen)
            if excess > worst:
                worst, found = excess, (a, b)
    return found


def _expected(votes: NDArray[np.int32], types: int, q: Floats, unseen: Floats) -> float:
    """The agreement of two sources that err independently, given q of the spans and of those unseen."""
    total = q.sum(axis=0) + unseen
    named = np.stack(
        [[q[votes[:, j] == kind].sum(axis=0) for kind in range(types)] for j in range(2)]
    )  # [2, types, classes]
    p = named / np.maximum(total, 1e-9)
    same = (p[0] * p[1]).sum(axis=0)
    either = 1 - (1 - p[0].sum(axis=0)) * (1 - p[1].sum(axis=0))
    return float((total * same).sum() / max(1e-9, (total * either).sum()))


def _normalised(logs: Floats) -> Floats:
    raised = np.exp(logs - logs.max(axis=1, keepdims=True, initial=-np.inf)) if len(logs) else logs
    found: Floats = raised / raised.sum(axis=1, keepdims=True) if len(logs) else raised
    return found
