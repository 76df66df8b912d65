"""A trunk with its tokenizer as a LanguageModel: windows, packed batches, states of any block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from silversmith.models.encode import Encoded, Gather, make_batches, make_windows
from silversmith.models.trunk import Trunk

__all__ = ["TrunkModel"]


class TrunkModel:
    """trunk: whose blocks are read. frame: ids before and after each window, never read. mark: who it is."""

    name = "trunk"
    trunk: Trunk

    def __init__(
        self,
        tokenizer: Tokenizer,
        frame: tuple[int, int],
        trunk: Trunk | None = None,
        mark: Mapping[str, Any] | None = None,
        *,
        window: int = 510,
        overlap: int = 128,
        budget: int = 2048,
    ) -> None:
        self.tokenizer, self.frame = tokenizer, frame
        if trunk is not None:
            self.trunk = trunk
        self.mark = None if mark is None else dict(mark)
        self.window, self.overlap, self.budget = window, overlap, budget

    @property
    def width(self) -> int:
        """Width of the residual stream."""
        return self.trunk.config.width

    @property
    def depth(self) -> int:
        """Blocks of the trunk; also its last tap."""
        return self.trunk.config.blocks

    def identity(self) -> dict[str, Any]:
        """What must be equal for states to be."""
        return {"name": self.name, **(self.mark or {})}

    def encode(self, texts: Sequence[str], taps: Sequence[int] | None = None) -> list[Encoded]:
        """States after the chosen blocks (default: the last) of the texts of one block, in order."""
        found = dict(self.stream(texts, [self.depth] if taps is None else taps))
        return [found[number] for number in range(len(texts))]

    def stream(self, texts: Sequence[str], taps: Sequence[int]) -> Iterator[tuple[int, Encoded]]:
        """(position, states) of each text as soon as its last window is read."""
        encodings = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        ids = [np.asarray(one.ids, dtype=np.int64) for one in encodings]
        offsets = [np.asarray(one.offsets, dtype=np.int32).reshape(-1, 2) for one in encodings]
        windows = [
            window
            for number, one in enumerate(ids)
            for window in make_windows(number, len(one), self.window, self.overlap)
        ]
        before, after = self.frame
        gather = Gather(offsets, windows, taps, self.width)
        yield from gather.empty()
        for batch in make_batches(windows, self.budget):
            pieces = [np.concatenate(([before], ids[w.text][w.start : w.end], [after])) for w in batch]
            sizes = [len(one) for one in pieces]
            with torch.inference_mode():
                packed = self.trunk.packed(torch.from_numpy(np.concatenate(pieces)), sizes, taps)
            found = [rows.numpy() for rows in packed]
            for w, begin in zip(batch, np.cumsum([1, *sizes[:-1]]), strict=True):
                kept = slice(begin + w.keep_start - w.start, begin + w.keep_end - w.start)
                yield from gather.add(w, [rows[kept] for rows in found])
