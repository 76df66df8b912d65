"""The network of a tagger: a trunk, letter shapes at its entrance, one linear layer at its exit.

An uncased trunk can't see capitals, so each piece's word shape is an embedding of its own, added to the
words and places before the first block (zero at the start of training). In training now and then a
window's shapes are hidden, so that the tagger also reads text without case.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from silversmith.models.trunk import Trunk
from silversmith.tagger.reading import NO_SHAPE, SHAPE_CODES

__all__ = ["Network"]


class Network(nn.Module):
    """Pieces -> log scores of tags. transitions: learned [K, K] scores, where the loss wants them."""

    def __init__(
        self,
        trunk: Trunk,
        outputs: int,
        *,
        shapes: bool = True,
        dropout: float = 0.1,
        transitions: bool = False,
    ) -> None:
        super().__init__()
        self.trunk = trunk
        width = trunk.config.width
        self.shapes = nn.Embedding(SHAPE_CODES, width) if shapes else None
        self.out = nn.Linear(width, outputs)
        self.transitions = nn.Parameter(torch.zeros(outputs, outputs)) if transitions else None
        self.dropout = dropout
        if self.shapes is not None:
            nn.init.zeros_(self.shapes.weight)

    def states(self, ids: Tensor, lengths: Sequence[int], shapes: Tensor) -> Tensor:
        """The last block's output float32 [pieces, width] of sequences one after the other.

        ids: int64 [pieces], framed; lengths: pieces of each sequence; shapes: int64 [pieces].
        """
        extra = None if self.shapes is None else self.shapes(shapes)
        x = F.dropout(self.trunk.embed(ids, lengths, extra), self.dropout, self.training)
        bias = self.trunk.bias(max(lengths))
        for block in self.trunk.blocks:
            x = block.packed(x, lengths, bias)  # type: ignore[operator]
        return x

    def forward(self, ids: Tensor, lengths: Sequence[int], shapes: Tensor, rows: Tensor) -> Tensor:
        """Log scores float32 [words, K] at the pieces `rows` (int64 [words], each word's first piece)."""
        states = self.states(ids, lengths, shapes)[rows]
        scores: Tensor = self.out(F.dropout(states, self.dropout, self.training))
        return scores

    def trainable(self, *, embeddings: bool = False) -> None:
        """Mark what training changes: everything but the position bias and, unless asked, the word table.

        The bias has 384 numbers and its gradient would keep attention off the fast path.
        """
        self.requires_grad_(True)
        self.trunk.relative.requires_grad_(False)
        self.trunk.words.requires_grad_(embeddings)

    def hide(self, shapes: Tensor, lengths: Sequence[int], share: float) -> Tensor:
        """The shapes with those of a random share of the sequences hidden."""
        hidden = torch.rand(len(lengths)) < share
        mask = torch.repeat_interleave(hidden, torch.tensor(list(lengths))).to(shapes.device)
        return shapes.masked_fill(mask, NO_SHAPE)
