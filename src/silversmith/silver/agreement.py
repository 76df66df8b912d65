"""Agreement: which of several silver sets of the same texts hold a span. All that quality needs of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from silversmith.core import ConfigError, DataError, Document

__all__ = ["Agreement", "Ratios", "count_agreement"]

MOST = 16
"""Sets at most: every pattern is counted."""

Key = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Ratios:
    """What agreement says of one set among others.

    confirmed: share of its spans that another set holds too (mean over the others). found: share of what
    two others agree on that it holds (pooled over pairs). precision, recall: as they follow if sets err
    independently of one another; above the truth if they err alike. spans: its spans; agreed: spans that
    two others agree on, counted once a pair, on which `found` rests.
    """

    confirmed: float
    found: float
    precision: float
    recall: float
    spans: float
    agreed: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """sets: how many. patterns: (type, which sets as bits) -> distinct spans. `+` adds documents."""

    sets: int
    patterns: Mapping[tuple[str, int], int]

    def __add__(self, other: Agreement) -> Agreement:
        return Agreement(self.sets, dict(Counter(self.patterns) + Counter(other.patterns)))

    @property
    def types(self) -> tuple[str, ...]:
        """The types that occur, sorted."""
        return tuple(sorted({label for label, _ in self.patterns}))

    def only(self, label: str) -> Agreement:
        """The spans of one type."""
        return Agreement(self.sets, {key: n for key, n in self.patterns.items() if key[0] == label})

    def shared(self, *members: int) -> int:
        """Distinct spans that all of these sets (by position) hold."""
        wanted = sum(1 << at for at in members)
        return sum(n for (_, bits), n in self.patterns.items() if bits & wanted == wanted)

    def ratios(self, at: int = 0) -> Ratios:
        """The ratios of the set at a position.

        With sets 1, 2, 3 that err independently, N gold spans and recalls r: m12 = N r1 r2 and so on,
        m123 = N r1 r2 r3; so r1 = m123 / m23, and precision = N r1 / n1 = m12 m13 / (m123 n1).
        Raises ConfigError Q001 for fewer than three sets.
        """
        bits, counts = self._columns()
        return Ratios(*(float(one[0]) for one in _ratios(counts[None], bits, self.sets, at)))

    def spreads(self, at: int = 0, *, draws: int = 500, seed: int = 0) -> tuple[float, float]:
        """Half widths of the 90 % ranges that counting alone gives precision and recall of `ratios`.

        From Poisson draws of the counts of all patterns. Raises ConfigError Q001 as `ratios`.
        """
        bits, counts = self._columns()
        drawn = np.random.default_rng(seed).poisson(counts, (draws, len(counts))).astype(np.float64)
        found = _ratios(drawn, bits, self.sets, at)
        low, high = np.quantile(found[2:4], [0.05, 0.95], axis=1)
        return float(high[0] - low[0]) / 2, float(high[1] - low[1]) / 2

    def _columns(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Patterns as bits and how many spans have them, whatever their type."""
        total: Counter[int] = Counter()
        for (_, bits), number in self.patterns.items():
            total[bits] += number
        return np.array(sorted(total), np.int64), np.array([total[one] for one in sorted(total)], np.float64)


def _ratios(
    counts: NDArray[np.float64], bits: NDArray[np.int64], sets: int, at: int
) -> list[NDArray[np.float64]]:
    """The fields of `Ratios` in their order, each [draws], from counts [draws, patterns]."""
    if sets < 3:
        raise ConfigError(
            "Q001", f"{sets} sets of the same texts", remedy="give at least three: sources, or seeds"
        )

    def shared(*members: int) -> NDArray[np.float64]:
        wanted = sum(1 << member for member in members)
        return np.asarray(counts[:, bits & wanted == wanted].sum(axis=1))

    others = [other for other in range(sets) if other != at]
    size, twice = shared(at), {other: shared(at, other) for other in others}
    both, agreed, product = (np.zeros(len(counts)) for _ in range(3))
    for i, j in combinations(others, 2):
        both += shared(at, i, j)
        agreed += shared(i, j)
        product += twice[i] * twice[j]
    found = both / np.maximum(agreed, 1)
    precision = np.minimum(1.0, product / np.maximum(both * size, 1))
    confirmed = sum(twice.values()) / np.maximum(len(others) * size, 1)
    return [confirmed, found, precision, found, size, agreed]


def count_agreement(sets: Sequence[Iterable[Document]]) -> Agreement:
    """Count the patterns of several silver sets of the same documents (in any order).

    Memory: the spans of all sets, no text. Raises ConfigError Q001 for fewer than two sets or more than
    16; DataError Q002 if their documents are not the same, Q003 if a text differs.
    """
    if not 2 <= len(sets) <= MOST:
        raise ConfigError("Q001", f"{len(sets)} sets", remedy=f"give three to {MOST} sets of the same texts")
    masks: dict[str, dict[Key, int]] = {}
    texts: dict[str, bytes] = {}
    for at, documents in enumerate(sets):
        seen = 0
        for document in documents:
            seen += 1
            _check(document, texts, at)
            mine = masks.setdefault(document.id, {})
            for span in document.spans:
                key = (span.start, span.end, span.label)
                mine[key] = mine.get(key, 0) | 1 << at
        if seen != len(texts):
            raise DataError(
                "Q002",
                f"set {at + 1} has {seen} documents, set 1 has {len(texts)}",
                remedy="give silver sets of the same texts",
            )
    patterns: Counter[tuple[str, int]] = Counter()
    for spans in masks.values():
        patterns.update((label, bits) for (_, _, label), bits in spans.items())
    return Agreement(len(sets), dict(patterns))


def _check(document: Document, texts: dict[str, bytes], at: int) -> None:
    """Refuse a document that the first set lacks or has with another text."""
    digest = hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).digest()
    if at == 0:
        texts[document.id] = digest
    elif document.id not in texts:
        raise DataError(
            "Q002",
            f"set {at + 1} has it, set 1 does not",
            where=f"document {document.id!r}",
            remedy="give silver sets of the same texts",
        )
    elif texts[document.id] != digest:
        raise DataError(
            "Q003", f"sets 1 and {at + 1} have different texts", where=f"document {document.id!r}"
        )
