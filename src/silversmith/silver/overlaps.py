"""Overlaps: of spans that cross or contain one another, the surest stays."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence

__all__ = ["resolve"]


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


def _together(a: tuple[int, int], b: tuple[int, int], nested: bool) -> bool:
    """Whether two spans may both stay."""
    if a[1] <= b[0] or b[1] <= a[0]:
        return True
    inside = (a[0] <= b[0] and b[1] <= a[1]) or (b[0] <= a[0] and a[1] <= b[1])
    return nested and inside and a != b
