"""States: where the training's inputs come from, in chunks that can be asked for again."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from silversmith.core.errors import ModelError
from silversmith.models.encode import LanguageModel

__all__ = ["States", "StoredStates", "TextStates", "stored_files"]

GROUP = 48_000
"""Characters encoded at a time."""


class States(Protocol):
    """An endless stream of states. tap: blocks passed before they are read; width: of a state."""

    tap: int
    width: int

    def identity(self) -> dict[str, Any]:
        """What decides the states: model, tap, checksum of the text."""
        ...

    def chunks(self, cursor: int) -> Iterator[tuple[int, int, Tensor]]:
        """(cursor, the next cursor, states [n, width]) from a cursor on; the first is 0.

        Equal cursors give equal states.
        """
        ...


class TextStates:
    """States of a model on passages, in another seeded order each time all were read."""

    def __init__(self, model: LanguageModel, tap: int, passages: Sequence[str], seed: int) -> None:
        self.model, self.tap, self.passages, self.seed = copy.copy(model), tap, passages, seed
        self.width = model.width
        if hasattr(model, "overlap"):
            self.model.overlap = 0  # type: ignore[attr-defined]  # each piece once; labelling has windows overlap

    def identity(self) -> dict[str, Any]:
        """See States."""
        digest = hashlib.sha256()
        for passage in self.passages:
            digest.update(passage.encode("utf-8", "surrogatepass") + b"\0")
        return {
            "model": self.model.identity(),
            "tap": self.tap,
            "text": {"passages": len(self.passages), "sha256": digest.hexdigest()},
        }

    def chunks(self, cursor: int) -> Iterator[tuple[int, int, Tensor]]:
        """See States; a cursor counts passages. Raises ModelError S057 if no passage has a piece."""
        empty = 0
        while True:
            following, texts = self._group(cursor)
            parts = [one.states[self.tap] for one in self.model.encode(texts, [self.tap])]
            states = torch.from_numpy(np.concatenate(parts))
            empty = 0 if len(states) else empty + following - cursor
            if empty > len(self.passages):
                raise ModelError("S057", "the tokenizer finds no piece in the text")
            yield cursor, following, states
            cursor = following

    def _group(self, cursor: int) -> tuple[int, list[str]]:
        """Passages from a cursor on, of about GROUP characters, never across the end of a round of all."""
        epoch, first = divmod(cursor, len(self.passages))
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self.passages))
        texts: list[str] = []
        for place in order[first : first + 256]:
            texts.append(self.passages[place])
            if sum(map(len, texts)) >= GROUP:
                break
        return cursor + len(texts), texts


class StoredStates:
    """States written beforehand: `.npy` arrays [n, width], one chunk a file, in a seeded random order.

    Raises ModelError S054 if the arrays' widths differ or none is there.
    """

    def __init__(self, files: Sequence[Path], tap: int, model: dict[str, Any], seed: int) -> None:
        self.files, self.tap, self.model, self.seed = list(files), tap, model, seed
        widths = {np.load(file, mmap_mode="r").shape[1:] for file in self.files}
        if len(widths) != 1 or len(next(iter(widths))) != 1:
            raise ModelError(
                "S054",
                f"expected arrays [n, width] of one width, found {sorted(widths)}",
                path=self.files[0].parent if self.files else None,
            )
        self.width = int(next(iter(widths))[0])

    def identity(self) -> dict[str, Any]:
        """See States; names and sizes stand for the arrays' content."""
        files = {file.name: file.stat().st_size for file in self.files}
        return {"model": self.model, "tap": self.tap, "states": files}

    def chunks(self, cursor: int) -> Iterator[tuple[int, int, Tensor]]:
        """See States; a cursor counts files."""
        while True:
            epoch, place = divmod(cursor, len(self.files))
            order = np.random.default_rng((self.seed, epoch)).permutation(len(self.files))
            array = np.load(self.files[order[place]])
            yield cursor, cursor + 1, torch.from_numpy(array).float()
            cursor += 1


def stored_files(folder: Path, tap: int) -> list[Path]:
    """The arrays of states in a folder: those named `b<tap>-*.npy` if there are such, else all `.npy`."""
    return sorted(folder.glob(f"b{tap}-*.npy")) or sorted(folder.glob("*.npy"))
