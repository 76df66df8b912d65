"""Negative sampling over spans (Li et al. 2021): of the unlabelled spans only a few are taken as no entity.

L = - (1/c) [ sum over annotated spans of log p(label) + sum over k drawn spans of log p(O) ],  c their number

k = floor(rate n) + 1 of n words, drawn from the unlabelled spans of at most `width` words. Of T spans with m
missing entities E[drawn missing entities] = m k / T. The published rate 0.7 is for all T = n(n+1)/2 spans; a
width cap W leaves about n W of them, so the rate is lowered in proportion: 0.7 * 2 W / (n + 1).
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from silversmith.tagger.losses.base import Loss, Step

__all__ = ["NegativeSampling", "draws", "span_count"]


def span_count(words: int, width: int) -> int:
    """Spans of at most `width` words in `words` words."""
    size = min(words, width)
    return words * size - size * (size - 1) // 2


def draws(words: int, width: int, rate: float) -> int:
    """Unlabelled spans to draw from a window, the rate lowered in proportion to the width cap."""
    if not words:
        return 0
    share = span_count(words, width) / span_count(words, words)
    return math.floor(rate * share * words) + 1


class NegativeSampling(Loss):
    """rate: as published, before the correction. width: longest span, in words."""

    needs_spans: ClassVar[bool] = True
    defaults: ClassVar[dict[str, Any]] = {"rate": 0.7, "width": 12}

    def forward(self, step: Step) -> Tensor:
        """Mean over the annotated and the drawn spans."""
        width = self.options["width"]
        gold = step.spans[step.spans[:, 1] - step.spans[:, 0] <= width]
        taken = {(first, last) for first, last, _ in gold.tolist()}
        drawn = [
            pair for low, high in pairwise(step.bounds) for pair in self._draw(low, high) if pair not in taken
        ]
        places = torch.cat([gold[:, :2], gold.new_tensor(drawn).reshape(-1, 2)])
        labels = torch.cat([gold[:, 2] + 1, gold.new_zeros(len(drawn))])
        if not len(places):
            return step.scores.sum() * 0.0
        return F.cross_entropy(step.network.spans(step.scores, places[:, 0], places[:, 1]), labels)

    def _draw(self, low: int, high: int) -> list[tuple[int, int]]:
        """Random spans of a window: uniform over all of at most `width` words."""
        words, width = high - low, min(self.options["width"], high - low)
        count = draws(words, self.options["width"], self.options["rate"])
        found: list[tuple[int, int]] = []
        while len(found) < count:
            first, size = (
                int(one) for one in torch.stack([torch.randint(words, ()), torch.randint(width, ())])
            )
            if first + size < words:  # refused draws keep the rest uniform
                found.append((low + first, low + first + size + 1))
        return found
