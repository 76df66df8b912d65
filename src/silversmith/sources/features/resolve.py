"""Overlaps: of spans that cross or contain one another, the surest stays."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from silversmith.sources.features.table import SpanTable

__all__ = ["resolve", "resolve_table"]


def resolve(spans: Sequence[tuple[int, int]], p: Sequence[float], *, nested: bool = False) -> list[int]:
    """Positions of the spans that stay, in text order: greedily by p, then longer, then further left.

    spans: (start, end), end exclusive. nested: a span inside another may stay; crossing or equal ones
    never both.
    """
    order = sorted(range(len(spans)), key=lambda i: (-p[i], spans[i][0] - spans[i][1], spans[i][0]))
    reach = max((end - start for start, end in spans), default=0)
    kept: list[tuple[int, int]] = []  # sorted, so that only those near a span are looked at
    positions: list[int] = []
    for number in order:
        start, end = span = spans[number]
        near = kept[bisect_left(kept, (start - reach, 0)) : bisect_left(kept, (end, 0))]
        if all(_together(span, other, nested) for other in near):
            insort(kept, span)
            positions.append(number)
    return sorted(positions, key=lambda i: spans[i])


def resolve_table(
    table: SpanTable,
    p: NDArray[np.float64],
    decided: NDArray[np.int64],
    documents: int,
    *,
    nested: bool = False,
) -> Iterator[NDArray[np.int64]]:
    """The rows that stay of each document in turn; rows decided to be O (the last class) never do.

    table: rows by document, ascending. p: float64 [rows, classes]; decided: int64 [rows].
    """
    edges = np.searchsorted(table.document, np.arange(documents + 1))
    for low, high in pairwise(edges):
        rows = low + np.flatnonzero(decided[low:high] != p.shape[1] - 1)
        spans = list(zip(table.start[rows].tolist(), table.end[rows].tolist(), strict=True))
        kept = resolve(spans, p[rows, decided[rows]].tolist(), nested=nested)
        yield rows[np.array(kept, np.int64)]


def _together(a: tuple[int, int], b: tuple[int, int], nested: bool) -> bool:
    """Whether two spans may both stay."""
    if a[1] <= b[0] or b[1] <= a[0]:
        return True
    inside = (a[0] <= b[0] and b[1] <= a[1]) or (b[0] <= a[0] and a[1] <= b[1])
    return nested and inside and a != b
