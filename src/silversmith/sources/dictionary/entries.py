"""Entries: terms with their types and how often each was seen; one table that a person can edit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from silversmith.core import DataError
from silversmith.text.matching import Matcher

__all__ = ["Entries", "Entry"]

HEAD = "term\ttype\tcount\tid"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a gazetteer. id: of the concept behind it, or "". count: how often seen with this type."""

    term: str
    type: str
    id: str = ""
    count: float = 1.0


@dataclass(frozen=True)
class Entries:
    """Entries as they are matched: those that are compared alike share a number.

    matcher: term -> number. types: sorted names. counts: of each number, type place -> count. ids: of each
    number, as given. shown: the first spelling of each number. dropped: reason -> how many.
    """

    matcher: Matcher
    types: tuple[str, ...]
    counts: list[dict[int, float]]
    ids: list[tuple[str, ...]]
    shown: list[str]
    dropped: dict[str, int]

    @classmethod
    def of(cls, entries: Iterable[Entry], *, hyphens: bool = False, case: bool = False) -> Entries:
        """From entries in any order. Raises DataError L001: not one that can be matched."""
        given = list(entries)
        matcher = Matcher((one.term for one in given), hyphens=hyphens, case=case)
        types = tuple(sorted({one.type for one in given}))
        place = {name: n for n, name in enumerate(types)}
        counts: list[dict[int, float]] = [{} for _ in matcher.numbers]
        ids: list[tuple[str, ...]] = [()] * len(counts)
        shown = [""] * len(counts)
        empty = set(matcher.empty)
        for position, one in enumerate(given):
            if position in empty:
                continue
            number = matcher.numbers[matcher.key(one.term)]
            kind = place[one.type]
            counts[number][kind] = counts[number].get(kind, 0.0) + one.count
            shown[number] = shown[number] or one.term
            if one.id and one.id not in ids[number]:
                ids[number] = (*ids[number], one.id)
        if not counts:
            raise DataError("L001", "no term in it", remedy="write one term a line: term, tab, type")
        repeated = len(given) - len(empty) - len(counts)
        dropped = {"no letter or sign": len(empty), "compared like another": repeated}
        return cls(matcher, types, counts, ids, shown, {name: n for name, n in dropped.items() if n})

    def rows(self) -> Iterator[Entry]:
        """One entry a term and type, the terms as first written."""
        for number, shown in enumerate(self.shown):
            for kind, count in sorted(self.counts[number].items()):
                yield Entry(shown, self.types[kind], " ".join(self.ids[number]), count)

    def write(self, path: Path) -> None:
        """The table to edit: tab-separated, with a head; `read_gazetteer` reads it back."""
        with path.open("w", encoding="utf-8") as file:
            file.write(HEAD + "\n")
            for one in self.rows():
                term = " ".join(one.term.split())
                file.write(f"{term}\t{one.type}\t{one.count:g}\t{one.id}\n")

    def ambiguous(self) -> int:
        """Terms with more than one type."""
        return sum(len(one) > 1 for one in self.counts)
