"""The template's side of the test: KL of the example's template from the span's, once a string."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from silversmith.models.masked import MaskedModel, Row
from silversmith.sources.example.filled import fill, template_rows
from silversmith.sources.example.measures import Measure
from silversmith.sources.example.seeds import Seeds

__all__ = ["Hopeless", "Strings", "TemplateSide"]

Strings = dict[tuple[int, str], "tuple[float, ...] | None"]
"""(type, span string) -> the side's sum for each (counter-)example of the type; None: not testable.

Where a string was given up early it is the sum of some places, a lower bound.
"""
Hopeless = Callable[[tuple[float, ...]], bool]
"""Whether sums so far, one an example, are too large for all of them."""
COMMON = ("it", "today", "water", "good news", "people")
"""Words that are no names."""
ROWS = 20_000
"""Rows that are made at a time."""


class TemplateSide:
    """Reads the examples' templates once, then every string's. spans: compare span states."""

    def __init__(self, model: MaskedModel, seeds: Seeds, measure: Measure, *, spans: bool) -> None:
        self.model, self.seeds, self.measure, self.spans = model, seeds, measure, spans
        self.groups = dict(seeds.by_type())
        self._known: dict[int, list[list[Any]]] = {}
        self._shapes: dict[int, list[int]] = {}
        self._orders: dict[int, list[int]] = {}
        for kind, group in self.groups.items():
            rows = [self.rows(kind, seed.text) for seed in group]
            read = [measure.known(one) for one in rows]
            self._known[kind] = [[one[n] for one in read] for n in range(len(rows[0]))]
            self._shapes[kind] = self.shape(rows[0])
            self._orders[kind] = self._order(kind)

    def count(self, kind: int) -> int:
        """Values that a type's template gives."""
        return sum(self._shapes[kind])

    def known(self, kind: int, seed: int) -> list[Any]:
        """What was read of an example (its place among all), a row at a time."""
        place = [one.number for one in self.groups[kind]].index(seed)
        return [one[place] for one in self._known[kind]]

    def rows(self, kind: int, text: str) -> list[Row]:
        """The rows of a type's template with a string in it; none if no piece shows it."""
        filled = fill(self.model, *self.seeds.templates[kind].fill(text))
        if filled is None:
            return []
        return [filled.span_row()] if self.spans else template_rows(filled, self.model)

    def shape(self, rows: Sequence[Row]) -> list[int]:
        """How many values each row gives; a pooled span gives one."""
        return [1 if self.spans else len(row.positions) for row in rows]

    def fill(
        self, kind: int, texts: Sequence[str], strings: Strings, hopeless: Hopeless | None = None
    ) -> None:
        """Add the sums of fresh strings, for all examples of a type at once.

        hopeless: whether sums so far are already too large; such strings get no more rows, and what they have
        stays their lower bound.
        """
        each = max(1, ROWS // max(1, len(self._shapes[kind])))
        for start in range(0, len(texts), each):
            self._fill(kind, texts[start : start + each], strings, hopeless)

    def _fill(self, kind: int, texts: Sequence[str], strings: Strings, hopeless: Hopeless | None) -> None:
        """KL(example || string), place after place, the most telling one first."""
        rows = {text: self.rows(kind, text) for text in texts}
        alive = [text for text in texts if self.shape(rows[text]) == self._shapes[kind]]
        strings.update(dict.fromkeys(((kind, text) for text in texts), None))
        sums = {text: (0.0,) * len(self.groups[kind]) for text in alive}
        for number in self._orders[kind]:
            known = self._known[kind][number]
            values = self.measure.compare([rows[text][number] for text in alive], [known] * len(alive))
            for text, found in zip(alive, values, strict=True):
                sums[text] = tuple(map(float, sums[text] + found.sum(axis=1)))
            if hopeless is not None:
                alive = [text for text in alive if not hopeless(sums[text])]
        strings.update({(kind, text): total for text, total in sums.items()})

    def _order(self, kind: int) -> list[int]:
        """A type's rows, the most telling first: by how far common words are from its examples there."""
        rows = [self.rows(kind, text) for text in COMMON]
        rows = [one for one in rows if self.shape(one) == self._shapes[kind]]
        if not rows:
            return list(range(len(self._shapes[kind])))
        far = [
            sum(
                float(value.sum())
                for value in self.measure.compare([one[n] for one in rows], [known] * len(rows))
            )
            for n, known in enumerate(self._known[kind])
        ]
        return sorted(range(len(far)), key=lambda n: (-far[n], n))
