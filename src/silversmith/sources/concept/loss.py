"""The losses: tokens against concepts (NuNER, section 3.2), and spans against concepts (ours, for zero-shot).

    token(t, c) = h_t . (W c) / tau + b                 tau = 5, b learned
    span(s, c)  = scale cos(f(s), g(c)) + bias
    L = mean over tokens of the sum over the batch's concepts of BCE(token) + the same over spans

Every concept of a batch is a negative for every other token and span, but for cells that say nothing.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from silversmith.models.concepts.head import ConceptHead
from silversmith.sources.concept.batches import Batch

__all__ = ["TokenHead", "span_loss", "token_loss"]

TAU = 5.0
START = -6.0


class TokenHead(nn.Module):
    """Compares states of pieces with those of names; thrown away after training, as the paper's encoder of
    concepts is. The map is on the names' side alone, so that the text encoder stays what it is."""

    def __init__(self, names: int, width: int) -> None:
        super().__init__()
        self.map = nn.Linear(names, width, bias=False)
        self.bias = nn.Parameter(torch.tensor(START))

    def forward(self, states: Tensor, names: Tensor) -> Tensor:
        """Log-odds [pieces, concepts]."""
        found: Tensor = states @ self.map(names).T / TAU + self.bias
        return found


def span_loss(head: ConceptHead, spans: Tensor, names: Tensor, batch: Batch) -> Tensor:
    """Sum over concepts, mean over spans. spans: [S, size]; names: [C, size]."""
    logits = head.logits(spans, names)
    each = F.binary_cross_entropy_with_logits(logits, batch.target.float(), reduction="none")
    return (each * batch.counted).sum() / max(1, len(spans))


def token_loss(head: TokenHead, states: Tensor, names: Tensor, batch: Batch) -> Tensor:
    """Sum over concepts, mean over pieces. states: [rows, width] of the last block; names: [C, names]."""
    spans, rows = batch.covers
    shape = (len(states), len(batch.concepts))
    target, ignored = torch.zeros(shape), torch.zeros(shape)
    target.index_add_(0, rows, batch.target[spans].float())
    ignored.index_add_(0, rows, (~batch.counted[spans]).float())
    target = (target > 0).float().to(states.device)
    counted = (target > 0) | (ignored.to(states.device) == 0)
    counted &= batch.inner[:, None].to(states.device)
    each = F.binary_cross_entropy_with_logits(head(states, names), target, reduction="none")
    return (each * counted).sum() / batch.inner.sum().clamp(min=1)
