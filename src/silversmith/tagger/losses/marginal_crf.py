"""Weighted partial CRF (Mayhew et al. 2019): unlabelled words are latent, each with a weight of being O.

L = (1/n) [ log Z - log sum over y that keep the annotated tags of exp( s(x, y) + sum_t log q_t(y_t) ) ]

q_t(O) = q_t, q_t(any other tag) = 1 - q_t on unlabelled words. In `rounds` looks the share of entity words
rises from the observed one to the target: the surest words become entities (q = 0), other words predicted
to be entities are undecided (q = 1/2), all others keep q = p(O).
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from silversmith.tagger.losses.base import Loss, Step
from silversmith.tagger.losses.chain import NEVER, legal_transitions, log_partition
from silversmith.tagger.losses.ratio import expected_ratio
from silversmith.tagger.tags import TagSet

__all__ = ["MarginalCrf", "raise_ratio"]

LEAST = 1e-3


def raise_ratio(outside: NDArray[np.float64], known: NDArray[np.bool_], share: float) -> NDArray[np.float64]:
    """q of every word for a target share of entity words; outside: p(O); known: annotated entity words."""
    q = outside.copy()
    q[outside < 0.5] = 0.5
    wanted = round(share * len(q)) - int(known.sum())
    (free,) = np.nonzero(~known)
    if wanted > 0:
        q[free[np.argsort(outside[free], kind="stable")[:wanted]]] = 0.0
    return q


class MarginalCrf(Loss):
    """rounds: looks. margin: added to the ratio (0.05). start: q before the first look; 0.5 is the plain
    partial CRF, which collapses to too many entities."""

    needs_transitions = True
    defaults: ClassVar[dict[str, Any]] = {
        "rounds": 4, "ratio": None, "recall": None, "margin": 0.02, "start": 0.9, "certain": True,
    }  # fmt: skip
    q: Tensor
    share: Tensor

    def __init__(self, tags: TagSet, **options: Any) -> None:
        super().__init__(tags, **options)
        self.register_buffer("q", torch.zeros(0))
        self.register_buffer("share", torch.zeros(2))

    def begin(self, tags: NDArray[np.int64], network: nn.Module) -> None:
        """Every unlabelled word has q = start."""
        self.q = torch.full((len(tags),), float(self.options["start"]))
        self.known = tags > 0
        goal = min(0.9, expected_ratio(tags, self.options) + self.options["margin"])
        self.share = torch.tensor([float(self.known.mean()), goal])

    def looks(self, number: int, total: int) -> bool:
        """At equal distances in the middle of the run."""
        rounds = self.options["rounds"]
        return number in {round(total * (0.3 + 0.5 * one / max(rounds, 1))) for one in range(rounds)}

    def look(self, scores: NDArray[np.float32], number: int, total: int) -> None:
        """Set q anew, for a share that has risen with the run."""
        table = scores.astype(np.float64) - scores.max(1, keepdims=True)
        outside = np.exp(table[:, 0]) / np.exp(table).sum(1)
        low, high = self.share.tolist()
        risen = min(1.0, (number / total - 0.3) / 0.375 + 0.25)
        self.q.copy_(torch.from_numpy(raise_ratio(outside, self.known, low + risen * (high - low))))

    def forward(self, step: Step) -> Tensor:
        """Per word."""
        q = self.q[step.words].clamp(LEAST, 1 - LEAST)
        if self.options["certain"]:
            q = torch.where(step.certain, 1 - LEAST, q)
        weights = torch.log1p(-q)[:, None].repeat(1, len(self.tags))
        weights[:, 0] = torch.log(q)
        known = step.tags > 0
        weights[known] = NEVER
        weights[known, step.tags[known]] = 0.0
        steps = legal_transitions(self.tags, step.transitions)
        whole = log_partition(step.scores, step.bounds, steps)
        part = log_partition(step.scores + weights, step.bounds, steps)
        return (whole - part).sum() / max(len(q), 1)
