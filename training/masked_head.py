"""The loss of the masked pieces and its gradient, without ever holding all logits.

The loss is exact. Its gradient is exact in the mean: a column (a piece of the vocabulary) whose probability
stays below `keep` at all positions of a slice takes part with the chance (largest probability / keep), and
its gradient is divided by that chance. Nine tenths of the two products of the backward pass fall away.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["HeadLoss"]

SLICE = 256
"""Positions whose logits exist at a time."""


class HeadLoss:
    """Cross-entropy of tied logits: `add` gives loss and gradients of one micro-batch."""

    def __init__(self, vocabulary: int, keep: float) -> None:
        self.keep = keep
        self.buffer = torch.empty(SLICE, vocabulary)

    def add(
        self,
        states: Tensor,
        weight: Tensor,
        bias: Tensor,
        targets: Tensor,
        scale: float,
        generator: torch.Generator,
    ) -> tuple[float, Tensor]:
        """Sum of the losses, and d(scale x sum)/d states; adds to weight.grad and bias.grad.

        states: [positions, width]; weight: [vocabulary, width]; targets: int64 [positions].
        """
        back = torch.empty_like(states)
        total = 0.0
        for start in range(0, len(states), SLICE):
            part = slice(start, start + SLICE)
            x, gold = states[part], targets[part]
            p = torch.addmm(bias, x, weight.T, out=self.buffer[: len(x)])
            norms = p.logsumexp(1, keepdim=True)
            total += float((norms[:, 0] - p.gather(1, gold[:, None])[:, 0]).sum())
            p.sub_(norms).exp_()
            columns, chance = self._columns(p, gold, generator)
            g = p[:, columns] / chance
            g[torch.arange(len(x)), torch.searchsorted(columns, gold)] -= 1  # a target's chance is 1
            g *= scale
            torch.mm(g, weight[columns], out=back[part])
            weight.grad.index_add_(0, columns, g.T @ x)  # type: ignore[union-attr]
            bias.grad.index_add_(0, columns, g.sum(0))  # type: ignore[union-attr]
        return total, back

    def _columns(self, p: Tensor, gold: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Ascending columns that take part, and the chance that each had."""
        chance = (p.amax(0) / self.keep).clamp(max=1) if self.keep else torch.ones(p.shape[1])
        chance[gold] = 1
        taken = torch.rand(len(chance), generator=generator) < chance
        columns = taken.nonzero()[:, 0]
        return columns, chance[columns]
