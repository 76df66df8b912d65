"""Noise profile: in what ways a silver set differs from gold, by type, with examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from silversmith.evaluation.error_tables import ErrorRow, error_row
from silversmith.evaluation.links import KINDS, link_spans
from silversmith.evaluation.pairing import Pair
from silversmith.evaluation.units import Unit

__all__ = ["NoiseProfile", "TypeNoise", "noise_profile"]

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class TypeNoise:
    """Numbers of one type. `+` adds.

    gold = correct + wrong_boundary + wrong_type + wrong_both + missing: what became of its gold spans
    (the wrong types under the gold type). silver: silver spans of this type. spurious: those of them
    that meet no gold span left over. stolen: those of them that stand on gold spans of another type.
    """

    gold: int = 0
    silver: int = 0
    correct: int = 0
    wrong_boundary: int = 0
    wrong_type: int = 0
    wrong_both: int = 0
    missing: int = 0
    spurious: int = 0
    stolen: int = 0

    def __add__(self, other: TypeNoise) -> TypeNoise:
        return TypeNoise(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    def rates(self) -> dict[str, float]:
        """Shares (0/0 = 0): missing and the three wrong kinds of gold; spurious and stolen of silver."""
        of_gold: dict[str, float] = {
            name: getattr(self, name) / max(1, self.gold) for name in map(str, KINDS[1:5])
        }
        return {
            **of_gold,
            "spurious": self.spurious / max(1, self.silver),
            "stolen": self.stolen / max(1, self.silver),
        }

    def to_json(self) -> dict[str, Any]:
        """The numbers by name, and the rates."""
        return {**{name: getattr(self, name) for name in self.__slots__}, "rates": self.rates()}


@dataclass(frozen=True, slots=True)
class NoiseProfile:
    """A silver set against gold. `+` merges shards.

    types: type -> TypeNoise. confusion: (gold type, silver type) -> linked spans of different type.
    shifts: (silver start - gold start, silver end - gold end) in characters -> wrong boundaries.
    documents, empty: how many, and how many of them have gold but no silver span.
    examples: the first rows of each kind and type.
    """

    types: Mapping[str, TypeNoise]
    confusion: Mapping[tuple[str, str], int]
    shifts: Mapping[tuple[int, int], int]
    documents: int
    empty: int
    examples: tuple[ErrorRow, ...]

    @property
    def total(self) -> TypeNoise:
        """All types together."""
        return sum(self.types.values(), TypeNoise())

    def __add__(self, other: NoiseProfile) -> NoiseProfile:
        names = sorted({*self.types, *other.types})
        nothing = TypeNoise()
        return NoiseProfile(
            {name: self.types.get(name, nothing) + other.types.get(name, nothing) for name in names},
            dict(Counter(self.confusion) + Counter(other.confusion)),
            dict(Counter(self.shifts) + Counter(other.shifts)),
            self.documents + other.documents,
            self.empty + other.empty,
            _first((*self.examples, *other.examples), EXAMPLES),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values, the confusions and shifts as lists, most frequent first."""
        return {
            "documents": self.documents,
            "empty": self.empty,
            "total": self.total.to_json(),
            "types": {name: one.to_json() for name, one in self.types.items()},
            "confusion": [
                {"gold": gold, "silver": silver, "count": count}
                for (gold, silver), count in Counter(self.confusion).most_common()
            ],
            "shifts": [
                {"start": start, "end": end, "count": count}
                for (start, end), count in Counter(self.shifts).most_common()
            ],
            "examples": [row.to_json() for row in self.examples],
        }


def noise_profile(pairs: Iterable[Pair], *, examples: int = EXAMPLES, unit: Unit = "words") -> NoiseProfile:
    """Profile silver against gold; pairs: (gold, silver) from `pair_documents`.

    examples: how many to keep of each kind and type. unit: of the IoU shown in examples.
    """
    numbers: dict[str, Counter[str]] = {}
    confusion: Counter[tuple[str, str]] = Counter()
    shifts: Counter[tuple[int, int]] = Counter()
    rows: list[ErrorRow] = []
    documents = empty = 0
    for gold, silver in pairs:
        documents += 1
        empty += bool(gold.spans) and not silver.spans
        mine: list[ErrorRow] = []
        for link in link_spans(gold, silver, unit=unit):
            row = error_row(link, gold)
            _count(row, numbers)
            if row.kind in ("wrong_type", "wrong_both"):
                confusion[str(row.gold_label), str(row.predicted_label)] += 1
            if row.kind in ("wrong_boundary", "wrong_both") and row.gold_range and row.predicted_range:
                (start, end), (start2, end2) = row.gold_range, row.predicted_range
                shifts[start2 - start, end2 - end] += 1
            if row.kind != "correct":
                mine.append(row)
        rows = list(_first((*rows, *mine), examples)) if mine else rows
    types = {name: TypeNoise(**numbers[name]) for name in sorted(numbers)}
    return NoiseProfile(types, dict(confusion), dict(shifts), documents, empty, tuple(rows))


def _count(row: ErrorRow, numbers: dict[str, Counter[str]]) -> None:
    """Add one link to the numbers of the types it touches."""
    if row.gold_label is not None:
        numbers.setdefault(row.gold_label, Counter()).update(("gold", row.kind))
    if row.predicted_label is not None:
        mine = numbers.setdefault(row.predicted_label, Counter())
        mine["silver"] += 1
        if row.kind == "spurious":
            mine["spurious"] += 1
        elif row.predicted_label != row.gold_label:
            mine["stolen"] += 1


def _first(rows: Iterable[ErrorRow], limit: int) -> tuple[ErrorRow, ...]:
    """The first `limit` rows of each kind and type."""
    seen: Counter[tuple[str, str | None]] = Counter()
    kept: list[ErrorRow] = []
    for row in rows:
        key = (row.kind, row.gold_label or row.predicted_label)
        seen[key] += 1
        if seen[key] <= limit:
            kept.append(row)
    return tuple(kept)
