"""Self-training after BOND (Liang et al. 2020), corrected; `faithful` keeps the published code's faults.

Stage one: cross-entropy on silver until `begin` of the run. Stage two: the network becomes its own
teacher in `updates` looks at all words, with predictions f [words, classes]:

s_nc = (f_nc^2 / p_c^alpha) / sum_c' (f_nc'^2 / p_c'^alpha),   p_c = sum_n f_nc over all words
L = sum over chosen n of KL(s_n || softmax(student_n)) / chosen  +  keep * mean of -log p(y_t), t annotated

Chosen: f(O) > 0.9, or f(entity tag) > 0.7. Faithful: KL against raw scores and averaged over words
x classes, so its gradient never vanishes; p_c of the batch; chosen by s > 0.9; silver is forgotten.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from silversmith.tagger.losses.base import Loss, Step
from silversmith.tagger.tags import TagSet

__all__ = ["Bond", "sharpened"]


def sharpened(f: Tensor, frequency: Tensor, alpha: float) -> Tensor:
    """s of f [words, classes]; frequency: p_c [classes]."""
    weight = f.square() / frequency.clamp(min=1e-12).pow(alpha)
    return weight / weight.sum(1, keepdim=True)


class Bond(Loss):
    """begin: share of the run before stage two. updates: of the teacher. alpha: 1 as published, 0 none.

    outside, inside: least f of a chosen word. keep: weight of the silver entities in stage two.
    """

    defaults: ClassVar[dict[str, Any]] = {
        "begin": 0.4, "updates": 4, "alpha": 0.5, "outside": 0.9, "inside": 0.7, "keep": 0.3,
        "faithful": False,
    }  # fmt: skip
    f: Tensor

    def __init__(self, tags: TagSet, **options: Any) -> None:
        super().__init__(tags, **options)
        self.register_buffer("f", torch.zeros(0, len(tags)))

    def begin(self, tags: NDArray[np.int64], network: nn.Module) -> None:
        """No teacher yet: f is 0."""
        self.f = torch.zeros(len(tags), len(self.tags))

    def looks(self, number: int, total: int) -> bool:
        """When stage two begins, and at equal distances after."""
        begin, updates = self.options["begin"], self.options["updates"]
        return number in {round(total * (begin + (1 - begin) * one / updates)) for one in range(updates)}

    def outgrows(self, number: int, total: int) -> bool:
        """In stage two: what is learned there is just what silver lacks."""
        return number > round(total * float(self.options["begin"]))

    def look(self, scores: NDArray[np.float32], number: int, total: int) -> None:
        """The network becomes the teacher."""
        self.f.copy_(torch.softmax(torch.from_numpy(scores), dim=1))

    def forward(self, step: Step) -> Tensor:
        """Cross-entropy, then the teacher's soft labels."""
        if step.number < round(step.total * self.options["begin"]):
            return F.cross_entropy(step.scores, step.tags)
        f = self.f[step.words]
        return self._faithful(f, step.scores) if self.options["faithful"] else self._corrected(f, step)

    def _corrected(self, f: Tensor, step: Step) -> Tensor:
        s = sharpened(f, self.f.sum(0), self.options["alpha"])
        best, tag = f.max(1)
        chosen = best > torch.where(tag == 0, self.options["outside"], self.options["inside"])
        log_p = F.log_softmax(step.scores, dim=1)
        loss: Tensor = (torch.special.xlogy(s, s) - s * log_p).sum(1)[chosen].sum() / max(
            int(chosen.sum()), 1
        )
        inside = step.tags > 0
        if self.options["keep"] and bool(inside.any()):
            loss = loss + self.options["keep"] * F.nll_loss(log_p[inside], step.tags[inside])
        return loss

    def _faithful(self, f: Tensor, scores: Tensor) -> Tensor:
        s = sharpened(f, f.sum(0), 1.0)
        chosen = s.max(1).values > 0.9
        if not bool(chosen.any()):
            return scores.sum() * 0.0
        # as the published code calls KLDivLoss: scores where log-probabilities belong, mean over all elements
        wrong: Tensor = (torch.special.xlogy(s, s) - s * scores)[chosen].mean()
        return wrong
