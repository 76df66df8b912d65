"""Counts: true positives, false positives and false negatives per type; they add up over shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silversmith.core import Document, blocks
from silversmith.evaluation.matching import exact_labels, iou_matches
from silversmith.evaluation.pairing import Pair
from silversmith.evaluation.units import Unit

__all__ = ["Counting", "Counts", "DocumentCounts", "document_counts", "exact_counts", "iou_counts"]


@dataclass(frozen=True, slots=True)
class Counts:
    """tp, fp, fn: type -> number (whole, unless partial credit is given). `+` merges two shards.

    All three have the same types, sorted. tp + fn is the number of gold spans, tp + fp of predicted.
    """

    tp: Mapping[str, float]
    fp: Mapping[str, float]
    fn: Mapping[str, float]

    @classmethod
    def of(
        cls, credit: Mapping[str, float], predicted: Mapping[str, float], gold: Mapping[str, float]
    ) -> Counts:
        """Counts from the credit, the number of predicted and the number of gold spans per type."""
        types = sorted({*credit, *predicted, *gold})
        return cls(
            {name: credit.get(name, 0) for name in types},
            {name: predicted.get(name, 0) - credit.get(name, 0) for name in types},
            {name: gold.get(name, 0) - credit.get(name, 0) for name in types},
        )

    @property
    def types(self) -> tuple[str, ...]:
        """The types that occur, sorted."""
        return tuple(self.tp)

    def __add__(self, other: Counts) -> Counts:
        types = sorted({*self.tp, *other.tp})
        return Counts(
            *(
                {name: mine.get(name, 0) + theirs.get(name, 0) for name in types}
                for mine, theirs in ((self.tp, other.tp), (self.fp, other.fp), (self.fn, other.fn))
            )
        )

    def array(self, types: Iterable[str] | None = None) -> NDArray[np.float64]:
        """float64 [types, 3]: tp, fp, fn of each type (default: all of them)."""
        names = self.types if types is None else tuple(types)
        rows = [[column.get(name, 0) for column in (self.tp, self.fp, self.fn)] for name in names]
        return np.array(rows, np.float64).reshape(len(names), 3)

    def to_json(self) -> dict[str, Any]:
        """{"tp": {type: n}, "fp": ..., "fn": ...}."""
        return {"tp": dict(self.tp), "fp": dict(self.fp), "fn": dict(self.fn)}


Counting = Callable[[Iterable[Pair]], Counts]
"""A rule that counts pairs of documents: `exact_counts`, `partial(iou_counts, threshold=0.5)`, ..."""


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """Counts kept apart by document, for the bootstrap. `+` appends documents.

    types: tuple of names. table: float64 [documents, types, 3] (tp, fp, fn).
    """

    types: tuple[str, ...]
    table: NDArray[np.float64]

    def total(self) -> Counts:
        """The sum over documents."""
        values = [[int(x) if x == int(x) else x for x in row] for row in self.table.sum(0).tolist()]
        columns = list(zip(*values, strict=True)) or [(), (), ()]
        return Counts(*(dict(zip(self.types, column, strict=True)) for column in columns))

    def over(self, types: tuple[str, ...]) -> DocumentCounts:
        """The same counts with the columns of these types (a superset of its own)."""
        table = np.zeros((len(self.table), len(types), 3))
        table[:, [types.index(name) for name in self.types]] = self.table
        return DocumentCounts(types, table)

    def __add__(self, other: DocumentCounts) -> DocumentCounts:
        types = tuple(sorted({*self.types, *other.types}))
        return DocumentCounts(types, np.concatenate([self.over(types).table, other.over(types).table]))


def document_counts(pairs: Iterable[Pair], counting: Counting) -> DocumentCounts:
    """Count each document by itself with any counting rule."""
    each = [counting([pair]) for pair in pairs]
    types = tuple(sorted({name for one in each for name in one.types}))
    table = np.zeros((len(each), len(types), 3))
    column = {name: at for at, name in enumerate(types)}
    for row, one in zip(table, each, strict=True):
        row[[column[name] for name in one.types]] = one.array()
    return DocumentCounts(types, table)


def exact_counts(pairs: Iterable[Pair]) -> Counts:
    """Spans match if offsets, fragments and type are the same."""
    return _counted(pairs, lambda gold, predicted: exact_labels(gold.spans, predicted.spans))


def iou_counts(pairs: Iterable[Pair], threshold: float, *, unit: Unit = "words") -> Counts:
    """Spans match by `iou_matches`: same type, IoU >= threshold, one to one, as many as possible."""
    return _counted(
        pairs,
        lambda gold, predicted: [
            one.label for one, _, _ in iou_matches(gold, predicted, threshold, unit=unit)
        ],
    )


def _counted(pairs: Iterable[Pair], matched: Callable[[Document, Document], list[str]]) -> Counts:
    """Count spans by type, and the types of the matches; by blocks, since each update has its price."""
    credit, found, wanted = Counter[str](), Counter[str](), Counter[str]()
    for block in blocks(pairs):
        credit.update([label for gold, predicted in block for label in matched(gold, predicted)])
        found.update([span.label for _, predicted in block for span in predicted.spans])
        wanted.update([span.label for gold, _ in block for span in gold.spans])
    return Counts.of(credit, found, wanted)
