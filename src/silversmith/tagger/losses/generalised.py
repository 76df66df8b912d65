"""Generalised cross-entropy (Zhang and Sabuncu 2018): for labels that may be wrong.

L = mean_t (1 - p(y_t)^q) / q;   q -> 0 is cross-entropy, q = 1 the mean absolute error
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from silversmith.tagger.losses.base import Loss, Step

__all__ = ["GeneralisedCrossEntropy", "generalised"]


def generalised(log_p: Tensor, q: float) -> Tensor:
    """(1 - p^q) / q of log probabilities."""
    return -torch.expm1(q * log_p) / q if q > 0 else -log_p


class GeneralisedCrossEntropy(Loss):
    """On every word. q: how little a word counts that the network contradicts."""

    defaults: ClassVar[dict[str, Any]] = {"q": 0.7}

    def forward(self, step: Step) -> Tensor:
        """Mean over the words."""
        log_p = F.log_softmax(step.scores, dim=1).gather(1, step.tags[:, None])[:, 0]
        return generalised(log_p, self.options["q"]).mean()
