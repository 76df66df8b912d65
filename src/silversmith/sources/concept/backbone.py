"""Backbones: what is frozen in pre-training is read once; what is trained on top goes through every batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from silversmith.models.encode import LanguageModel, stream
from silversmith.models.trunk import Trunk

__all__ = ["Backbone", "FrozenModel", "TowerModel"]

Offsets = NDArray[np.int32]
Rows = NDArray[np.float32]
LONGEST = 128
"""Pieces of a text (section 4.1 of the paper: not given)."""


class Backbone(Protocol):
    """frame: rows before a text's first piece, and after its last. width: of what is read of a row.

    taps: what a head reads of a span, after `raise_rows`. states: their width together.
    """

    frame: int
    width: int
    states: int
    names: int
    taps: tuple[int, ...]
    name_tap: int

    def identity(self) -> dict[str, Any]:
        """What decides the rows."""
        ...

    def read(self, texts: Sequence[str]) -> Iterator[tuple[int, Offsets, Rows]]:
        """(position, offsets of pieces, frozen rows [pieces + 2 frame, width]) of each text, any order."""
        ...

    def read_names(self, names: Sequence[str]) -> Iterator[tuple[int, Rows]]:
        """(position, frozen rows) of each name."""
        ...

    def parameters(self) -> list[nn.Parameter]:
        """What is trained."""
        ...

    def raise_rows(self, rows: Tensor, lengths: Sequence[int]) -> Tensor:
        """Frozen rows of packed texts -> what a head reads [rows, states]; with gradient."""
        ...

    def raise_names(self, rows: Tensor, lengths: Sequence[int]) -> Tensor:
        """Frozen rows of packed names -> [names, names width]."""
        ...


class FrozenModel:
    """Any language model, frozen whole: only a head is trained (minutes on two cores)."""

    frame = 0

    def __init__(self, model: LanguageModel, taps: tuple[int, ...], name_tap: int) -> None:
        self.model, self.taps, self.name_tap = model, taps, name_tap
        self.width = self.states = len(taps) * model.width
        self.names = model.width

    def identity(self) -> dict[str, Any]:
        """The model's, and which states are read."""
        return {"model": self.model.identity(), "taps": list(self.taps), "name_tap": self.name_tap}

    def read(self, texts: Sequence[str]) -> Iterator[tuple[int, Offsets, Rows]]:
        """States of the taps side by side."""
        for number, one in stream(self.model, texts, sorted(set(self.taps))):
            rows = np.concatenate([one.states[tap] for tap in self.taps], axis=1)
            yield number, one.offsets[:LONGEST], rows[:LONGEST]

    def read_names(self, names: Sequence[str]) -> Iterator[tuple[int, Rows]]:
        """One row a name: the mean over its pieces."""
        for number, one in stream(self.model, names, [self.name_tap]):
            rows = one.states[self.name_tap]
            mean = rows.mean(axis=0, keepdims=True) if len(rows) else np.zeros((1, self.names), np.float32)
            yield number, mean

    def parameters(self) -> list[nn.Parameter]:
        """None."""
        return []

    def raise_rows(self, rows: Tensor, lengths: Sequence[int]) -> Tensor:
        """As they are."""
        return rows

    def raise_names(self, rows: Tensor, lengths: Sequence[int]) -> Tensor:
        """As they are."""
        return rows


class TowerModel:
    """A trunk whose first blocks are frozen and read once; the same upper blocks read texts and names.

    The paper trains two encoders with the lower half of the text's frozen (section 4.2); one tower for both
    costs half, and a name is read like a text.
    """

    frame = 1

    def __init__(
        self,
        trunk: Trunk,
        tokenizer: Tokenizer,
        marks: tuple[int, int],
        frozen: int,
        identity: dict[str, Any],
    ) -> None:
        self.trunk, self.tokenizer, self.marks, self.frozen = trunk, tokenizer, marks, frozen
        self.tower = nn.ModuleList(list(trunk.blocks)[frozen:])
        self.tower.requires_grad_(True)
        self.width = self.names = trunk.config.width
        self.states = 2 * self.width
        self.name_tap = len(trunk.blocks)
        self.taps: tuple[int, ...] = (frozen, self.name_tap)
        self._identity = identity

    def identity(self) -> dict[str, Any]:
        """The encoder's, and how much of it is frozen."""
        return {"encoder": self._identity, "frozen": self.frozen}

    def read(self, texts: Sequence[str]) -> Iterator[tuple[int, Offsets, Rows]]:
        """States after the frozen blocks, marks included, by length."""
        encodings = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        ids = [one.ids[:LONGEST] for one in encodings]
        for batch in _by_length([len(one) for one in ids]):
            framed = [np.array([self.marks[0], *ids[n], self.marks[1]], np.int64) for n in batch]
            lengths = [len(one) for one in framed]
            with torch.inference_mode():
                packed = torch.from_numpy(np.concatenate(framed))
                (states,) = self.trunk.packed(packed, lengths, [self.frozen])
            for number, rows in zip(batch, torch.split(states, lengths), strict=True):
                offsets = np.array(encodings[number].offsets[:LONGEST], np.int32).reshape(-1, 2)
                yield number, offsets, rows.numpy()

    def read_names(self, names: Sequence[str]) -> Iterator[tuple[int, Rows]]:
        """As texts."""
        for number, _, rows in self.read(names):
            yield number, rows

    def parameters(self) -> list[nn.Parameter]:
        """Of the upper blocks."""
        return list(self.tower.parameters())

    def raise_rows(self, rows: Tensor, lengths: Sequence[int]) -> Tensor:
        """Frozen states beside those of the last block."""
        return torch.cat([rows, self._tower(rows, lengths)], dim=1)

    def raise_names(self, rows: Tensor, lengths: Sequence[int]) -> Tensor:
        """Mean over the pieces of a name, without the marks."""
        top = self._tower(rows, lengths)
        return torch.stack([part[1:-1].mean(dim=0) for part in torch.split(top, list(lengths))])

    def _tower(self, rows: Tensor, lengths: Sequence[int]) -> Tensor:
        bias = self.trunk.bias(max(lengths))
        for block in self.tower:
            rows = block.packed(rows, lengths, bias)  # type: ignore[operator]
        return rows


def _by_length(lengths: Sequence[int], budget: int = 2048) -> Iterator[list[int]]:
    """Numbers of texts by length, in batches of at most `budget` pieces."""
    batch: list[int] = []
    total = 0
    for number in sorted(range(len(lengths)), key=lambda n: (lengths[n], n)):
        if batch and total + lengths[number] > budget:
            yield batch
            batch, total = [], 0
        batch.append(number)
        total += lengths[number] + 2
    if batch:
        yield batch
