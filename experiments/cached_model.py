"""A language model whose states are kept on disk: the trunk runs once, whatever else changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from silversmith.models.encode import Encoded

__all__ = ["CachedModel"]


class CachedModel:
    """`model` with a folder of states, one file a text: float32 [taps, pieces, width], and the offsets."""

    def __init__(self, model: Any, folder: Path, taps: Sequence[int]) -> None:
        self.model, self.name, self.width = model, model.name, model.width
        self.taps = sorted(set(taps))
        mark = hashlib.sha256(json.dumps([model.identity(), self.taps], sort_keys=True).encode()).hexdigest()
        self.folder = folder / f"states-{mark[:16]}"
        self.folder.mkdir(parents=True, exist_ok=True)

    def identity(self) -> dict[str, Any]:
        """The model's own."""
        return dict(self.model.identity())

    def encode(self, texts: Sequence[str], taps: Sequence[int]) -> list[Encoded]:
        """As the model's; what is on disk is read, the rest computed and written."""
        paths = [self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.npy" for text in texts]
        missing = [number for number, path in enumerate(paths) if not path.exists()]
        for begin in range(0, len(missing), 32):
            numbers = missing[begin : begin + 32]
            for number, one in zip(
                numbers, self.model.encode([texts[i] for i in numbers], self.taps), strict=True
            ):
                self._write(paths[number], one)
        return [self._read(path, taps) for path in paths]

    def _write(self, path: Path, one: Encoded) -> None:
        """States first, offsets beside them; the states' file appears last and whole."""
        np.save(path.with_suffix(".offsets.npy"), one.offsets)
        aside = path.with_suffix(".part.npy")
        np.save(aside, np.stack([one.states[tap] for tap in self.taps]))
        aside.rename(path)

    def _read(self, path: Path, taps: Sequence[int]) -> Encoded:
        """One text's states."""
        stack = np.load(path, mmap_mode="r")
        offsets = np.load(path.with_suffix(".offsets.npy"))
        return Encoded(offsets, {tap: np.asarray(stack[self.taps.index(tap)]) for tap in taps})
