"""The head of a concept encoder: states of pieces to vectors of spans, states of a name to its vector.

NuNER (Bogdanov et al. 2024, section 3) compares token vectors with concept vectors. Typing by name needs
one vector a span, so this head reads five roles of a span (first and last piece, mean, left and right
neighbour) from two depths of the encoder, in one hidden layer. Span s and concept c are alike by

    logit(s, c) = scale cos(f(s), g(c)) + bias            scale, bias learned
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["ConceptHead", "HeadConfig", "Places"]

SCALE, BIAS = 20.0, -6.0
"""At the start: one concept in 400 fits a span."""


@dataclass(frozen=True, slots=True)
class HeadConfig:
    """Shape of a head. states: width of what is read of a piece (all taps together); names: of a name."""

    states: int
    names: int
    project: int = 256
    hidden: int = 384
    size: int = 256
    longest: int = 12

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self), sort_keys=True)


class Places(NamedTuple):
    """Where spans lie in packed rows. All int64 [spans]: first, last (exclusive); low, high: the rows of the
    text, last exclusive, so that a neighbour outside of it counts as none; words: length in words."""

    first: Tensor
    last: Tensor
    low: Tensor
    high: Tensor
    words: Tensor


class ConceptHead(nn.Module):
    """See the head of this file. All vectors come out with length one."""

    def __init__(self, config: HeadConfig) -> None:
        super().__init__()
        self.config = config
        self.down = nn.Linear(config.states, config.project)
        self.roles = nn.Linear(config.project, 5 * config.hidden, bias=False)
        self.length = nn.Embedding(config.longest, config.hidden)
        self.out = nn.Linear(config.hidden, config.size)
        self.name = nn.Linear(config.names, config.size)
        self.log_scale = nn.Parameter(torch.tensor(SCALE).log())
        self.bias = nn.Parameter(torch.tensor(BIAS))
        nn.init.zeros_(self.length.weight)

    def spans(self, states: Tensor, places: Places, dropout: float = 0.0) -> Tensor:
        """Vectors float32 [spans, size] of spans. states: float32 [rows, config.states]."""
        v = self.down(F.dropout(states, dropout, self.training))
        first, last, mean, left, right = self.roles(v).chunk(5, dim=1)
        total = F.pad(mean.double().cumsum(0), (0, 0, 1, 0))
        count = (places.last - places.first)[:, None]
        inside = ((total[places.last] - total[places.first]) / count).float()
        before = (places.first > places.low)[:, None]
        after = (places.last < places.high)[:, None]
        hidden = first[places.first] + last[places.last - 1] + inside
        hidden = hidden + left[(places.first - 1).clamp(min=0)] * before
        hidden = hidden + right[places.last.clamp(max=len(states) - 1)] * after
        hidden = hidden + self.length((places.words - 1).clamp(0, self.config.longest - 1))
        hidden = F.dropout(F.gelu(hidden), dropout, self.training)
        return F.normalize(self.out(hidden), dim=1)

    def names(self, states: Tensor) -> Tensor:
        """Vectors float32 [names, size]. states: float32 [names, config.names], a mean over pieces each."""
        return F.normalize(self.name(states), dim=1)

    def logits(self, spans: Tensor, names: Tensor) -> Tensor:
        """Log-odds [spans, names] that a concept fits a span."""
        found: Tensor = self.log_scale.exp() * (spans @ names.T) + self.bias
        return found
