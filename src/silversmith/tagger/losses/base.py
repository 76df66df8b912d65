"""What a loss is: one number for a batch, and (if it wants) a look at all words now and then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from silversmith.tagger.tags import TagSet

__all__ = ["Loss", "Step"]


@dataclass(slots=True)
class Step:
    """One batch, after the forward pass.

    scores: float32 [words, outputs] of `network`: log scores of the K tags, or (span network) each word's
    roles. tags: int64 [words], the silver tags. certain: bool [words], surely outside. spans: int64
    [spans, 3], the silver spans as first word, last word + 1, number of the label; nested ones too. bounds:
    windows + 1 numbers; words of a window stand together. words: int64 [words], each one's number in the
    corpus. again: the scores of the same batch by another network. number, total: step and budget of steps.
    """

    scores: Tensor
    tags: Tensor
    certain: Tensor
    spans: Tensor
    bounds: list[int]
    words: Tensor
    number: int
    total: int
    network: Any
    again: Callable[[nn.Module], Tensor]

    @property
    def progress(self) -> float:
        """Share of the budget that is done."""
        return self.number / self.total

    @property
    def transitions(self) -> Tensor | None:
        """Learned scores of tag pairs [K, K], if the network has any."""
        learned: Tensor | None = getattr(self.network, "transitions", None)
        return learned


class Loss(nn.Module):
    """A loss. Its buffers and parameters are part of checkpoints; parameters are trained.

    needs_transitions: whether the network learns scores of tag pairs. needs_spans: whether it scores spans
    instead of tagging words. defaults: its options.
    """

    needs_transitions: ClassVar[bool] = False
    needs_spans: ClassVar[bool] = False
    defaults: ClassVar[dict[str, Any]] = {}

    def __init__(self, tags: TagSet, **options: Any) -> None:
        super().__init__()
        self.tags = tags
        self.options = {**self.defaults, **options}

    def forward(self, step: Step) -> Tensor:
        """The loss of a batch, a scalar."""
        raise NotImplementedError

    def begin(self, tags: NDArray[np.int64], network: nn.Module) -> None:
        """Once before the first step: the silver tags of all words, int64 [words], and the network."""

    def looks(self, number: int, total: int) -> bool:
        """Whether to call `look` before step `number`."""
        return False

    def outgrows(self, number: int, total: int) -> bool:
        """Whether the network has left its silver behind by step `number`, so that held-out silver no longer
        says which weights are best: the last ones are kept then, and nothing ends early."""
        return False

    def look(self, scores: NDArray[np.float32], number: int, total: int) -> None:
        """The scores of all words by the network as it is, float32 [words, K]."""
