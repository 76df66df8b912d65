"""Filled: a text with a span in it, as the model's pieces, and the rows that test the span's surroundings.

The neighbours are found by character offsets, so a span that begins or ends like its stand-in moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from silversmith.models.masked import MaskedModel, Row

__all__ = ["Filled", "Places", "fill", "neighbour", "row_at", "template_places", "template_rows"]

Range = tuple[int, int]
Places = tuple[int, ...]
"""Positions of framed pieces."""


@dataclass(frozen=True, slots=True)
class Filled:
    """ids int64 [pieces], offsets int32 [pieces, 2], frame included; the span's pieces are [first, last)."""

    ids: NDArray[np.int64]
    offsets: NDArray[np.int32]
    first: int
    last: int

    def at(self, start: int, end: int, model: MaskedModel) -> Filled | None:
        """The same text with another span, characters [start, end); None if no piece shows it."""
        low, high = _inner(len(self.ids), model)
        pieces = self.offsets[low:high]
        (inside,) = np.nonzero((pieces[:, 1] > start) & (pieces[:, 0] < end))
        if not len(inside):
            return None
        return Filled(self.ids, self.offsets, low + int(inside[0]), low + int(inside[-1]) + 1)

    def span_row(self) -> Row:
        """A row without a mask that reads the span's own pieces."""
        return Row(self.ids, tuple(range(self.first, self.last)))


def fill(model: MaskedModel, text: str, start: int, end: int) -> Filled | None:
    """A text with the span [start, end); None if no piece shows it or the model can't read so much."""
    ids, offsets = model.framed(text)
    if len(ids) + model.causal > model.context:  # a causal model may read what follows the last piece
        return None
    return Filled(ids, offsets, 0, 0).at(start, end, model)


def neighbour(filled: Filled, side: str, model: MaskedModel, edges: str, word: Range | None) -> Places | None:
    """Positions of the neighbour on a side ("left" or "right"); None if there is none.

    edges: "keep" takes the frame's mark at the text's edge (a causal model without one: what would follow).
    word: characters of the neighbouring word, all of whose pieces are wanted; None: the one piece.
    """
    low, high = _inner(len(filled.ids), model)
    left = side == "left"
    if left and model.causal:
        return None
    if filled.first == low if left else filled.last == high:
        if edges == "drop":
            return None
        if left:
            return (low - 1,) if low else None
        return (high,) if high < len(filled.ids) or model.causal else None
    nearest = filled.first - 1 if left else filled.last
    if word is None:
        return (nearest,)
    around = range(low, filled.first) if left else range(filled.last, high)
    meets = [n for n in around if filled.offsets[n, 1] > word[0] and filled.offsets[n, 0] < word[1]]
    return tuple(meets) or (nearest,)


def row_at(filled: Filled, places: Iterable[int], model: MaskedModel) -> Row:
    """The row that reads some places of a text; a causal model may read the place behind its last piece."""
    places, ids = tuple(places), filled.ids
    if model.causal and places[-1] == len(ids):
        ids = np.append(ids, ids[-1])  # never looked at: causal models read what stands before
    return model.row(ids, places)


def template_places(filled: Filled, model: MaskedModel) -> tuple[Places, Places]:
    """Positions of a template's pieces before and after its span; before is empty for causal models."""
    low, high = _inner(len(filled.ids), model)
    before = () if model.causal else tuple(range(low, filled.first))
    return before, tuple(range(filled.last, high))


def template_rows(filled: Filled, model: MaskedModel) -> list[Row]:
    """One row a masked place, or a single row for a causal model."""
    before, after = template_places(filled, model)
    if model.causal:
        return [model.row(filled.ids, after)] if after else []
    return [model.row(filled.ids, [place]) for place in before + after]


def _inner(pieces: int, model: MaskedModel) -> Range:
    """Where the text's own pieces stand among the framed ones."""
    return len(model.frame.before), pieces - len(model.frame.after)
