"""The template's side of the test: KL of the example's template from the span's, once a string.

Where the type's own word is masked ("The [MASK] name: Oslo"), the row is the same for every type, so all
types stand in that place together and the measure reads it once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from silversmith.models.masked import MaskedModel, Row
from silversmith.sources.example.filled import fill, template_rows
from silversmith.sources.example.measures import Measure, Values
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
Place = dict[int, int]
"""Type -> which of its template's rows; types that stand in one place share the row there."""
One = tuple[int, str]
"""A type with a string in its template."""


class TemplateSide:
    """Reads the examples' templates once, then every string's. spans: compare span states."""

    def __init__(self, model: MaskedModel, seeds: Seeds, measure: Measure, *, spans: bool) -> None:
        self.model, self.seeds, self.measure, self.spans = model, seeds, measure, spans
        self.groups = dict(seeds.by_type())
        self._known: dict[int, list[list[Any]]] = {}
        self._shapes: dict[int, list[int]] = {}
        for kind, group in self.groups.items():
            rows = [self.rows(kind, seed.text) for seed in group]
            read = [measure.known(one) for one in rows]
            self._known[kind] = [[one[n] for one in read] for n in range(len(rows[0]))]
            self._shapes[kind] = self.shape(rows[0])
        self._places = self._by_telling()

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
        self,
        texts: Mapping[int, Sequence[str]],
        strings: Strings,
        hopeless: Mapping[int, Hopeless] | None = None,
    ) -> None:
        """Add the sums of fresh strings (type -> its own), for all examples of a type at once.

        hopeless: type -> whether sums so far are already too large; such strings get no more rows, and what
        they have stays their lower bound.
        """
        every = list(dict.fromkeys(text for some in texts.values() for text in some))
        wanted = {kind: set(some) for kind, some in texts.items()}
        each = max(1, ROWS // max(1, sum(len(self._shapes[kind]) for kind in texts)))
        for start in range(0, len(every), each):
            part = every[start : start + each]
            self._fill([(k, one) for k in texts for one in part if one in wanted[k]], strings, hopeless or {})

    def _fill(self, ones: Sequence[One], strings: Strings, hopeless: Mapping[int, Hopeless]) -> None:
        """KL(example || string), place after place, the most telling one first."""
        rows = {one: self.rows(*one) for one in ones}
        strings.update(dict.fromkeys(ones))
        alive = [one for one in ones if self.shape(rows[one]) == self._shapes[one[0]]]
        sums = {one: np.zeros(len(self.groups[one[0]])) for one in alive}
        for place in self._places:
            here = [one for one in alive if one[0] in place]
            for one, found in self._compare(place, {one: rows[one][place[one[0]]] for one in here}):
                sums[one] = sums[one] + found
            gone = {one for one in here if one[0] in hopeless and hopeless[one[0]](tuple(sums[one].tolist()))}
            alive = [one for one in alive if one not in gone]
        strings.update((one, tuple(total.tolist())) for one, total in sums.items())

    def _compare(self, place: Place, rows: Mapping[One, Row]) -> Iterable[tuple[One, Values]]:
        """(type and string, its divergence from each of the type's examples) at a place."""
        known = [self._known[kind][place[kind]] for kind, _ in rows]
        for one, found in zip(rows, self.measure.compare(list(rows.values()), known), strict=True):
            yield one, found.sum(axis=1)

    def _by_telling(self) -> list[Place]:
        """The places, the most telling row first: by how far common words are from the examples there."""
        places: dict[Hashable, Place] = {}
        far: dict[Hashable, float] = {}
        for kind, shape in self._shapes.items():
            made = {(kind, text): self.rows(kind, text) for text in COMMON}
            made = {one: rows for one, rows in made.items() if self.shape(rows) == shape}
            for number in range(len(shape)):
                rows = {one: some[number] for one, some in made.items()}
                key = tuple(map(_key, rows.values())) or (kind, number)
                places.setdefault(key, {})[kind] = number
                total = sum(float(found.sum()) for _, found in self._compare({kind: number}, rows))
                far[key] = far.get(key, 0.0) + total
        return [places[key] for key in sorted(places, key=lambda key: -far[key])]


def _key(row: Row) -> Hashable:
    """What equal rows have in common."""
    return row.ids.tobytes(), row.positions
