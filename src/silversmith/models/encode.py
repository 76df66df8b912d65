"""From texts to residual states: windows over long documents, batches inside a block, every piece once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Encoded", "LanguageModel", "Window", "make_batches", "make_windows"]


@dataclass(frozen=True, slots=True)
class Encoded:
    """One document's pieces (sub-word tokens): special tokens removed, every piece exactly once.

    offsets: int32 [pieces, 2], characters of the text, end exclusive. states: tap -> float32
    [pieces, width]; a tap is the number of blocks passed (0 = embeddings, l + 1 = output of block l
    counted from zero).
    """

    offsets: NDArray[np.int32]
    states: Mapping[int, NDArray[np.float32]]


class LanguageModel(Protocol):
    """What sources need of a language model. `name` and `width` (of the residual stream) identify it."""

    name: str
    width: int

    def identity(self) -> dict[str, Any]:
        """Name and checksum, kept in artefacts so that a wrong model is refused."""
        ...

    def encode(self, texts: Sequence[str], taps: Sequence[int]) -> list[Encoded]:
        """States of the texts of one block (at most 256 documents), in order."""
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """Pieces [start, end) of a text, of which [keep_start, keep_end) are read from this window."""

    text: int
    start: int
    end: int
    keep_start: int
    keep_end: int


def make_windows(text: int, pieces: int, size: int, overlap: int) -> Iterator[Window]:
    """Windows of at most `size` pieces over a text of `pieces`; neighbours share `overlap` pieces.

    In the shared part each piece is kept from the window where it stands more centrally, so the kept
    ranges are disjoint and cover every piece.
    """
    if pieces <= size:
        if pieces:
            yield Window(text, 0, pieces, 0, pieces)
        return
    step = size - overlap
    count = 1 + -(-(pieces - size) // step)
    for number in range(count):
        start = min(number * step, pieces - size)
        kept = 0 if number == 0 else min(number * step, pieces - size) + _half(number, step, pieces, size)
        following = number + 1
        last = (
            pieces
            if following == count
            else min(following * step, pieces - size) + _half(following, step, pieces, size)
        )
        yield Window(text, start, start + size, kept, last)


def _half(number: int, step: int, pieces: int, size: int) -> int:
    """Half of what window `number` shares with the one before it."""
    previous_end = (number - 1) * step + size
    return (previous_end - min(number * step, pieces - size)) // 2


def make_batches(windows: Sequence[Window], budget: int) -> Iterator[list[Window]]:
    """Windows by length (ties: as given), packed until a batch holds more than `budget` pieces."""
    batch: list[Window] = []
    total = 0
    for window in sorted(windows, key=lambda window: window.end - window.start):
        length = window.end - window.start
        if batch and total + length > budget:
            yield batch
            batch, total = [], 0
        batch.append(window)
        total += length
    if batch:
        yield batch
