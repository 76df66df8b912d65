"""From texts to residual states: windows over long documents, batches inside a block, every piece once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Encoded", "Gather", "LanguageModel", "Window", "make_batches", "make_windows", "stream"]


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


def stream(model: LanguageModel, texts: Sequence[str], taps: Sequence[int]) -> Iterator[tuple[int, Encoded]]:
    """(position in `texts`, its states), each as soon as it is there, so that states needn't pile up.

    Models that have a `stream(texts, taps)` give their texts by length; others in order, after all is done.
    """
    own = getattr(model, "stream", None)
    yield from enumerate(model.encode(texts, taps)) if own is None else own(texts, taps)


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


class Gather:
    """States of texts whose windows come in any order: each text is handed out when its last one is in.

    offsets: of each text; windows: all windows of all texts.
    """

    def __init__(
        self, offsets: Sequence[NDArray[np.int32]], windows: Sequence[Window], taps: Sequence[int], width: int
    ) -> None:
        self.offsets, self.taps, self.width = offsets, taps, width
        self.left = Counter(window.text for window in windows)
        self.states: dict[int, dict[int, NDArray[np.float32]]] = {}

    def empty(self) -> Iterator[tuple[int, Encoded]]:
        """The texts without a piece."""
        for number, offsets in enumerate(self.offsets):
            if not self.left[number]:
                none = np.empty((0, self.width), np.float32)
                yield number, Encoded(offsets, dict.fromkeys(self.taps, none))

    def add(self, window: Window, rows: Sequence[NDArray[np.float32]]) -> Iterator[tuple[int, Encoded]]:
        """The kept rows of a window, one array [pieces kept, width] a tap; its text, if that was its last."""
        number, offsets = window.text, self.offsets[window.text]
        if number not in self.states:
            shape = (len(offsets), self.width)
            self.states[number] = {tap: np.empty(shape, np.float32) for tap in self.taps}
        for tap, kept in zip(self.taps, rows, strict=True):
            self.states[number][tap][window.keep_start : window.keep_end] = kept
        self.left[number] -= 1
        if not self.left[number]:
            yield number, Encoded(offsets, self.states.pop(number))


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
