"""Co-training of two students (after co-teaching, Han et al. 2018): each picks the O words of the other.

L = L_a + L_b,  L_a = mean over annotated words and the O words that b finds easiest of -log p_a(y_t)

The share of O words that is passed on falls from 1 to 1 - forget over the first tenth-part `ramp` of the
run; forget = the estimated share of O words that are missing entities. Twice the cost of one student; the
first student is kept.
"""

from __future__ import annotations

import copy
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from silversmith.tagger.losses.base import Loss, Step
from silversmith.tagger.losses.ratio import expected_ratio
from silversmith.tagger.tags import TagSet

__all__ = ["CoTraining", "easiest"]


def easiest(losses: Tensor, outside: Tensor, share: float) -> Tensor:
    """Which words to learn from: every annotated one, and the `share` of O words with the least loss."""
    chosen = ~outside
    (places,) = torch.nonzero(outside, as_tuple=True)
    kept = places[torch.argsort(losses[places], stable=True)[: round(share * len(places))]]
    chosen[kept] = True
    return chosen


class CoTraining(Loss):
    """forget: share of O words left out (None: from ratio or recall). ramp: share of the run until then."""

    defaults: ClassVar[dict[str, Any]] = {
        "forget": None,
        "ramp": 0.3,
        "ratio": None,
        "recall": None,
        "extra": 1.5,
    }
    forget: Tensor

    def __init__(self, tags: TagSet, **options: Any) -> None:
        super().__init__(tags, **options)
        self.register_buffer("forget", torch.tensor(0.0))
        self.peer: Any = None

    def begin(self, tags: NDArray[np.int64], network: nn.Module) -> None:
        """The second student: a copy whose last layer starts elsewhere."""
        share = float((tags > 0).mean())
        missing = max(0.0, expected_ratio(tags, self.options) - share) / max(1 - share, 1e-6)
        forget = self.options["forget"]
        self.forget.fill_(min(0.9, missing * self.options["extra"]) if forget is None else float(forget))
        self.peer = copy.deepcopy(network)
        self.peer.out.reset_parameters()

    def forward(self, step: Step) -> Tensor:
        """Both students' losses."""
        share = 1 - float(self.forget) * min(1.0, step.progress / max(self.options["ramp"], 1e-6))
        mine = F.cross_entropy(step.scores, step.tags, reduction="none")
        other = F.cross_entropy(step.again(self.peer), step.tags, reduction="none")
        free = (step.tags == 0) & ~step.certain
        for_me, for_other = easiest(other.detach(), free, share), easiest(mine.detach(), free, share)
        return mine[for_me].mean() + other[for_other].mean()
