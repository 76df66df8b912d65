"""Expected entity ratio (Effland and Collins 2021): unlabelled words are free, their number is not.

L = - (1/n) sum over annotated t of log p(y_t)  +  lambda max(0, |rho^ - rho| - gamma)
rho^ = mean over the words of the batch of (1 - p(O));  gamma = slack * rho

With crf = true the first term is the partial CRF's negative log-likelihood, and p(O) are the chain's
marginals, as published; without it words are independent, which is several times faster.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from silversmith.tagger.losses.base import Loss, Step
from silversmith.tagger.losses.chain import NEVER, legal_transitions, log_marginals, log_partition
from silversmith.tagger.losses.ratio import expected_ratio
from silversmith.tagger.tags import TagSet

__all__ = ["ExpectedRatio", "ratio_penalty"]


def ratio_penalty(log_outside: Tensor, ratio: float, slack: float) -> Tensor:
    """max(0, |rho^ - rho| - slack rho), rho^ from log p(O) of the words."""
    found = -torch.expm1(log_outside).mean()
    return torch.clamp((found - ratio).abs() - slack * ratio, min=0.0)


class ExpectedRatio(Loss):
    """weight: lambda. ratio: rho (None: silver share / recall). certain: words surely outside count."""

    defaults: ClassVar[dict[str, Any]] = {
        "weight": 10.0, "ratio": None, "recall": None, "slack": 0.3, "crf": False, "certain": True,
    }  # fmt: skip
    ratio: Tensor

    def __init__(self, tags: TagSet, **options: Any) -> None:
        super().__init__(tags, **options)
        self.register_buffer("ratio", torch.tensor(0.0))

    def begin(self, tags: NDArray[np.int64], network: nn.Module) -> None:
        """Fix rho."""
        self.ratio.fill_(expected_ratio(tags, self.options))

    def forward(self, step: Step) -> Tensor:
        """Per word."""
        known = step.tags > 0
        if self.options["certain"]:
            known = known | step.certain
        if self.options["crf"]:
            fixed, log_p = self._chain(step, known)
        else:
            log_p = F.log_softmax(step.scores, dim=1)
            fixed = -(log_p.gather(1, step.tags[:, None])[:, 0] * known).sum() / len(known)
        penalty = ratio_penalty(log_p[:, 0], float(self.ratio), self.options["slack"])
        loss: Tensor = fixed + self.options["weight"] * penalty
        return loss

    def _chain(self, step: Step, known: Tensor) -> tuple[Tensor, Tensor]:
        """Partial CRF loss and log marginals."""
        steps = legal_transitions(self.tags, step.transitions)
        free = torch.zeros_like(step.scores)
        free[known] = NEVER
        free[known, step.tags[known]] = 0.0
        whole = log_partition(step.scores, step.bounds, steps)
        part = log_partition(step.scores + free, step.bounds, steps)
        return (whole - part).sum() / len(known), log_marginals(step.scores, step.bounds, steps)
