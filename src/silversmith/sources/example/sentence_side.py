"""The sentence's side of the test: KL of the neighbours' distributions, original from replaced.

The paper's section 4.2 with k in {i - 1, j + 1}. A side is "left" or "right"; comparing span states has the
one side "span"; a causal model has no left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from silversmith.models.masked import MaskedModel, Row
from silversmith.sources.example.filled import Filled, Places, fill, neighbour, row_at
from silversmith.sources.example.measures import Measure
from silversmith.sources.example.options import ExampleOptions
from silversmith.sources.example.pairs import Pair, prune

__all__ = ["SPAN", "SentenceSide"]

SPAN = "span"
KNOWN_BYTES = 24_000_000
"""Originals that are held at a time: large fresh arrays are slow on many machines."""


class SentenceSide:
    """Adds the neighbours' values to pairs, one side after the other, giving up pairs in between."""

    def __init__(self, model: MaskedModel, options: ExampleOptions, measure: Measure) -> None:
        self.model, self.options, self.measure = model, options, measure
        spans = options.measure == "cosine"
        self.sides = (SPAN,) if spans else ("right",) if model.causal else ("left", "right")

    def count(self, filled: Filled) -> int:
        """How many sides a span has."""
        return sum(self._places(filled, side, None) is not None for side in self.sides)

    def add(self, pairs: list[Pair], several: str) -> list[Pair]:
        """The pairs that are left, complete; a sentence's pairs stay together."""
        left = []
        for part in self._parts(pairs):
            known: dict[Any, Any] = {}  # a place is right of one span and left of another
            for side in self.sides[::-1]:  # the right one tells more: fewer pairs are left for the other
                self._add(part, side, known)
                part = prune([pair for pair in part if pair.alive], several)
            left += part
        return left

    def original(self, pair: Pair, side: str) -> Row | None:
        """The row of the sentence as it is; None if nothing stands on that side."""
        return self._row(pair.filled, side, self._word(pair, side, 0))

    def replaced(self, pair: Pair, side: str) -> Row | None:
        """The row with the example in the span's place; None also if that is too long for the model."""
        text, window, seed = pair.work.sentence.text, pair.window, pair.seed.text
        whole = text[: window.start] + seed + text[window.end :]
        filled = fill(self.model, whole, window.start, window.start + len(seed))
        moved = len(seed) - (window.end - window.start)
        return None if filled is None else self._row(filled, side, self._word(pair, side, moved))

    def _parts(self, pairs: Sequence[Pair]) -> Iterator[list[Pair]]:
        """Pairs of whole sentences, so many that their originals fit in memory; by length."""
        room = KNOWN_BYTES // self.measure.bytes
        part: list[Pair] = []
        held = 0
        ordered = sorted(pairs, key=lambda pair: len(pair.filled.ids))  # stable: sentences stay together
        for _, some in groupby(ordered, key=lambda pair: id(pair.work)):
            sentence = list(some)
            count = len({self._key(pair, side) for pair in sentence for side in self.sides})
            if part and held + count > room:
                yield part
                part, held = [], 0
            part += sentence
            held += count
        if part:
            yield part

    def _add(self, pairs: Sequence[Pair], side: str, known: dict[Any, Any]) -> None:
        """Compare each pair's original with the same sentence holding its example.

        known: the originals read so far; fresh ones are put there.
        """
        keys = [self._key(pair, side) for pair in pairs]
        beside = [(key, pair) for key, pair in zip(keys, pairs, strict=True) if key is not None]
        known.update(self._originals({key: pair for key, pair in beside if key not in known}, side))
        rows, chosen = [], []
        for key, pair in beside:
            row = self.replaced(pair, side)
            if row is None or (side != SPAN and len(row.positions) != len(key[1])):
                pair.alive, pair.work.floor = False, 0.0  # too long for the model: nothing is known of it
            else:
                rows.append(row)
                chosen.append((pair, known[key]))
        values = self.measure.compare(rows, [[one] for _, one in chosen])
        for (pair, _), found in zip(chosen, values, strict=True):
            pair.total += float(found.mean())

    def _originals(self, pairs: dict[Any, Pair], side: str) -> dict[Any, Any]:
        """What is known of each original, read once; a causal model reads a sentence's places in one row."""
        if not self.model.causal:
            rows = [row for pair in pairs.values() if (row := self.original(pair, side)) is not None]
            return dict(zip(pairs, self.measure.known(rows), strict=True))
        groups: dict[int, set[int]] = {}
        for work, places in pairs:
            groups.setdefault(work, set()).update(places)
        one = {work: pair for (work, _), pair in pairs.items()}
        rows = [row_at(one[work].filled, sorted(places), self.model) for work, places in groups.items()]
        read = dict(zip(groups, zip(rows, self.measure.known(rows), strict=True), strict=True))
        found = {}
        for work, places in pairs:
            row, (log_p, p) = read[work]
            at = [row.positions.index(place) for place in places]
            found[work, places] = log_p[at], p[at]
        return found

    def _key(self, pair: Pair, side: str) -> Any:
        """(sentence, places read in it): what shares an original. None if nothing stands there."""
        places = self._places(pair.filled, side, self._word(pair, side, 0))
        return None if places is None else (id(pair.work), places)

    def _places(self, filled: Filled, side: str, word: tuple[int, int] | None) -> Places | None:
        """Positions read beside a span, or the span's own."""
        if side == SPAN:
            return filled.first, filled.last
        return neighbour(filled, side, self.model, self.options.edges, word)

    def _row(self, filled: Filled, side: str, word: tuple[int, int] | None) -> Row | None:
        """The row that reads a side of a span."""
        if side == SPAN:
            return filled.span_row()
        places = self._places(filled, side, word)
        return None if places is None else row_at(filled, places, self.model)

    def _word(self, pair: Pair, side: str, moved: int) -> tuple[int, int] | None:
        """Characters of the neighbouring word, where words are asked for. moved: how far the right is."""
        words, window = pair.work.sentence.words, pair.window
        place = window.first - 1 if side == "left" else window.last
        if self.options.neighbours == "piece" or side == SPAN or not 0 <= place < len(words):
            return None
        start, end = words[place]
        return (start, end) if side == "left" else (start + moved, end + moved)
