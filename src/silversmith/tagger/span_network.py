"""The span-level network: it scores every span of up to `width` words, so entities may be nested.

hidden(i, j) = tanh(a_i + b_j + c_i * d_j + e_size),  scores = W hidden, over O and the labels

a, b, c, d are four linear roles of a word's state; the product is a low-rank form of the published
h_i * h_j, and one pass over the words serves all spans.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from silversmith.models.trunk import Trunk
from silversmith.tagger.network import Network

__all__ = ["SpanNetwork"]

HIDDEN = 128


class SpanNetwork(Network):
    """forward gives roles float32 [words, 4 HIDDEN]; `spans` turns pairs of them into scores."""

    def __init__(
        self, trunk: Trunk, labels: int, *, shapes: bool = True, dropout: float = 0.1, width: int = 12
    ) -> None:
        super().__init__(trunk, 4 * HIDDEN, shapes=shapes, dropout=dropout)
        self.size = nn.Embedding(width, HIDDEN)
        self.last = nn.Linear(HIDDEN, labels + 1)
        nn.init.zeros_(self.size.weight)

    def spans(self, roles: Tensor, first: Tensor, last: Tensor) -> Tensor:
        """Log scores float32 [spans, 1 + labels] of spans [first, last) of words (int64 [spans] each)."""
        start, end = roles[first], roles[last - 1]
        a, b = start[:, :HIDDEN], end[:, HIDDEN : 2 * HIDDEN]
        c, d = start[:, 2 * HIDDEN : 3 * HIDDEN], end[:, 3 * HIDDEN :]
        hidden = torch.tanh(a + b + c * d + self.size(last - first - 1))
        scores: Tensor = self.last(hidden)
        return scores
