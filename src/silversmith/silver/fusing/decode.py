"""Decoding: of spans that overlap, those whose log-odds sum to most (weighted interval scheduling)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

__all__ = ["schedule"]


def schedule(spans: Sequence[tuple[int, int]], gains: Sequence[float]) -> list[int]:
    """Positions of the chosen spans, in text order; none overlap; only gains above 0 are worth choosing.

    Of choices of equal sum the one with fewer, earlier spans. O(n log n).
    """
    order = sorted((n for n in range(len(spans)) if gains[n] > 0), key=lambda n: (spans[n][1], spans[n][0]))
    ends = [spans[n][1] for n in order]
    best = [0.0]
    taken: list[bool] = []
    before: list[int] = []
    for place, n in enumerate(order):
        fit = bisect_right(ends, spans[n][0], 0, place)
        with_it = best[fit] + gains[n]
        taken.append(with_it > best[-1])
        before.append(fit)
        best.append(max(with_it, best[-1]))
    chosen, place = [], len(order)
    while place:
        if taken[place - 1]:
            chosen.append(order[place - 1])
            place = before[place - 1]
        else:
            place -= 1
    return sorted(chosen, key=lambda n: spans[n])
