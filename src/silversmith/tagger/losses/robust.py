"""The laptop default for silver with missing labels: each kind of word has the loss that it deserves.

L = (1/n) [ sum over annotated words of (1 - p(y)^q) / q        labels that may be wrong
          + sum over words surely outside of - log p(O)          signs and function words
          + sum over kept other words of - log p(O) ]            those without a label
    + lambda max(0, |rho^ - rho| - slack rho)                    as many entities as expected

An unlabelled word is kept with probability `keep`, and after `warm` of the run only if p(O) >= `doubt`: what
the network then takes for an entity, though it has no label, is probably a missing one. Until then q = 0
(cross-entropy) and lambda = 0: a network that knows nothing yet would spread the expected number of
entities over any words, and the flat loss of unlikely labels would leave them there.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from silversmith.tagger.losses.base import Loss, Step
from silversmith.tagger.losses.expected_ratio import ratio_penalty
from silversmith.tagger.losses.generalised import generalised
from silversmith.tagger.losses.ratio import expected_ratio
from silversmith.tagger.tags import TagSet

__all__ = ["Robust"]


class Robust(Loss):
    """Options are named as in the equation; ratio: rho (None: silver share / recall)."""

    defaults: ClassVar[dict[str, Any]] = {
        "q": 0.7, "keep": 0.5, "doubt": 0.7, "warm": 0.3, "weight": 10.0, "slack": 0.3,
        "ratio": None, "recall": None,
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
        options = self.options
        log_p = F.log_softmax(step.scores, dim=1)
        log_y = log_p.gather(1, step.tags[:, None])[:, 0]
        inside = step.tags > 0
        other = ~inside & ~step.certain
        kept = other & (torch.rand(len(other)).to(other.device) < options["keep"])
        known = step.progress >= options["warm"]
        if known:
            kept &= log_p[:, 0].detach().exp() >= options["doubt"]
        each = torch.where(inside, generalised(log_y, options["q"] if known else 0.0), -log_y)
        loss: Tensor = (each * (inside | step.certain | kept)).sum() / len(each)
        if known and options["weight"]:
            loss = loss + options["weight"] * ratio_penalty(log_p[:, 0], float(self.ratio), options["slack"])
        return loss
