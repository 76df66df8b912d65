"""Windows over readings, batches of them by a budget of pieces, and the tensors of one batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from silversmith.models.encode import Window, make_windows
from silversmith.tagger.reading import NO_SHAPE, Reading

__all__ = ["Packed", "pack", "shuffled_batches", "windows_of"]


@dataclass(frozen=True, slots=True)
class Packed:
    """Windows one after the other, framed.

    ids, shapes: int64 [pieces]. lengths: pieces a window. rows: int64 [words], the piece of each word kept
    from its window. owners: int64 [words, 2], number of the reading and of the word in it. bounds: where
    each window's words begin and end, windows + 1 numbers.
    """

    ids: NDArray[np.int64]
    shapes: NDArray[np.int64]
    lengths: list[int]
    rows: NDArray[np.int64]
    owners: NDArray[np.int64]
    bounds: list[int]


def windows_of(readings: Sequence[Reading], size: int, overlap: int) -> list[Window]:
    """Windows of at most `size` pieces that cover every piece of the readings; empty readings have none."""
    return [
        window
        for number, one in enumerate(readings)
        for window in make_windows(number, len(one.ids), size, min(overlap, size // 2))
    ]


def shuffled_batches(
    windows: Sequence[Window], budget: int, rng: np.random.Generator
) -> Iterator[list[Window]]:
    """All windows once, in random order, each batch as full as the budget of pieces allows."""
    batch: list[Window] = []
    total = 0
    for place in rng.permutation(len(windows)):
        window = windows[place]
        length = window.end - window.start
        if batch and total + length > budget:
            yield batch
            batch, total = [], 0
        batch.append(window)
        total += length
    if batch:
        yield batch


def pack(windows: Sequence[Window], readings: Sequence[Reading], frame: tuple[int, int]) -> Packed:
    """The tensors of one batch; a word is read from the window that keeps its first piece."""
    ids: list[NDArray[np.integer]] = []
    shapes: list[NDArray[np.integer]] = []
    lengths, rows, owners, bounds = [], [], [], [0]
    before, after, nothing = np.array(frame[:1]), np.array(frame[1:]), np.array([NO_SHAPE])
    begin = 0
    for window in windows:
        one = readings[window.text]
        ids += [before, one.ids[window.start : window.end], after]
        shapes += [nothing, one.shapes[window.start : window.end], nothing]
        low, high = np.searchsorted(one.first, [window.keep_start, window.keep_end])
        rows.append(one.first[low:high].astype(np.int64) + (begin + 1 - window.start))
        owners.append(np.stack([np.full(high - low, window.text), np.arange(low, high)], 1))
        lengths.append(window.end - window.start + 2)
        bounds.append(bounds[-1] + int(high - low))
        begin += lengths[-1]
    return Packed(
        np.concatenate(ids).astype(np.int64),
        np.concatenate(shapes).astype(np.int64),
        lengths,
        np.concatenate(rows),
        np.concatenate(owners),
        bounds,
    )
