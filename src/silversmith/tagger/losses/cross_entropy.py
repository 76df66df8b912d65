"""Cross-entropy: every silver tag is taken as true, O included.

L = - mean_t log p(y_t),  p = softmax(scores_t)
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from silversmith.tagger.losses.base import Loss, Step

__all__ = ["CrossEntropy"]


class CrossEntropy(Loss):
    """The plain loss, and the measure of all others."""

    def forward(self, step: Step) -> Tensor:
        """Mean over the words."""
        return F.cross_entropy(step.scores, step.tags)
