"""The span test as the paper's code runs it: the slow oracle of silversmith.sources.example.

Every type on its own, every span on its own, every row anew, the head on every position, no bound. Written
from the description of the algorithm alone; shares nothing with the fast miner but the spans it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from silversmith.models.masked import MaskedModel, Row

__all__ = ["Plain", "PlainScore", "Spans", "divergence"]

Spans = Sequence[tuple[int, int]]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PlainScore:
    """score: the mean of the values; sentence: its place; start, end: characters of it."""

    score: float
    sentence: int
    start: int
    end: int
    label: str
    values: tuple[float, ...]


class Plain:
    """positions: token positions read so far, every row padded to the longest of its sentence and type."""

    def __init__(self, model: MaskedModel, temperature: float = 2.0, *, ways: int = 2) -> None:
        self.model, self.temperature, self.ways = model, temperature, ways
        self.positions = 0

    def rank(
        self, texts: Sequence[str], spans: Sequence[Spans], types: Sequence[tuple[str, str, str]]
    ) -> list[PlainScore]:
        """All spans of all sentences, best first. types: (label, example, template with one {span})."""
        found = []
        for label, example, template in types:  # one run is one type
            for number, (text, ranges) in enumerate(zip(texts, spans, strict=True)):
                found += self._sentence(number, text, ranges, label, example, template)
        return sorted(found, key=lambda one: (one.score, one.sentence, one.start, one.end, one.label))

    def _sentence(
        self, number: int, text: str, ranges: Spans, label: str, example: str, template: str
    ) -> list[PlainScore]:
        """One sentence and type: all rows together, as one padded batch."""
        rows: list[Row] = []
        places: list[int] = []
        for start, end in ranges:
            replaced = text[:start] + example + text[end:]
            sides = [(text, start, end), (replaced, start, start + len(example))]
            for left in (True, False):
                for side in sides:
                    self._add(rows, places, *self._beside(*side, left=left))
            if self.ways == 2:
                before = template.index("{span}")
                filled = [
                    (template.replace("{span}", span), before, before + len(span))
                    for span in (example, text[start:end])
                ]
                pairs = [self._around(*one) for one in filled]
                for one, other in zip(*pairs, strict=True):
                    self._add(rows, places, *one)
                    self._add(rows, places, *other)
        logs = self._read(rows, places)
        each = len(rows) // max(1, len(ranges))
        found = []
        for n, (start, end) in enumerate(ranges):
            mine = logs[n * each : (n + 1) * each]
            values = [divergence(p, q) for p, q in zip(mine[::2], mine[1::2], strict=True)]
            found.append(PlainScore(float(np.mean(values)), number, start, end, label, tuple(values)))
        return found

    def _pieces(self, text: str, start: int, end: int) -> tuple[NDArray[np.int64], int, int]:
        """Framed ids, the span's first piece and the one behind its last."""
        ids, offsets = self.model.framed(text)
        inside = [n for n, (low, high) in enumerate(offsets.tolist()) if low < end and high > start]
        return ids, inside[0], inside[-1] + 1

    def _beside(self, text: str, start: int, end: int, *, left: bool) -> tuple[NDArray[np.int64], int]:
        """Framed ids and the place of the neighbour; at an edge that is the frame's own mark."""
        ids, first, last = self._pieces(text, start, end)
        return ids, first - 1 if left else last

    def _around(self, text: str, start: int, end: int) -> list[tuple[NDArray[np.int64], int]]:
        """Each piece of a template that is no mark and not the span's."""
        ids, first, last = self._pieces(text, start, end)
        low, high = len(self.model.frame.before), len(ids) - len(self.model.frame.after)
        return [(ids, place) for place in range(low, high) if not first <= place < last]

    def _add(self, rows: list[Row], places: list[int], ids: NDArray[np.int64], place: int) -> None:
        """A row with one mask; the head will run on all of its positions."""
        masked = ids.copy()
        masked[place] = self.model.mask_id
        rows.append(Row(masked, tuple(range(len(masked)))))
        places.append(place)

    def _read(self, rows: Sequence[Row], places: Sequence[int]) -> list[Floats]:
        """log p at each row's masked place."""
        found: list[Floats] = [np.empty(0)] * len(rows)
        for owners, values in self.model.log_probabilities(rows, self.temperature):
            for owner in dict.fromkeys(owners.tolist()):
                found[owner] = values[owners == owner][places[owner]].astype(np.float64)
        if rows:
            self.positions += len(rows) * max(len(row.ids) for row in rows)
        return found


def divergence(log_p: Floats, log_q: Floats) -> float:
    """KL(p || q), never below 0."""
    return max(0.0, float((np.exp(log_p) * (log_p - log_q)).sum()))
