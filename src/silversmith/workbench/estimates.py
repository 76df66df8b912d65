"""What decisions about some spans say of all of them."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["precision"]

BINS, PSEUDO = 10, 2.0


def precision(rows: Sequence[tuple[float | None, str | None]]) -> tuple[float, float]:
    """(of the set as it came, as it is now): spans of like score share what was decided about some of them.

    In each of ten bins of score the share that was accepted, shrunk towards the mean score by two spans; a
    change counts as wrong before and right now.
    """
    if not rows:
        return 0.0, 0.0
    bins: list[list[tuple[float, str | None]]] = [[] for _ in range(BINS)]
    for score, action in rows:
        value = 1.0 if score is None else score
        bins[min(BINS - 1, int(value * BINS))].append((value, action))
    before = now = kept = 0.0
    for one in bins:
        decided = [action for _, action in one if action]
        if not one:
            continue
        mean = sum(value for value, _ in one) / len(one)
        share = (decided.count("accept") + PSEUDO * mean) / (len(decided) + PSEUDO)
        before += share * len(one)
        open_ = len(one) - len(decided)
        right = len(decided) - decided.count("reject")
        now += share * open_ + right
        kept += open_ + right
    return before / len(rows), now / max(1.0, kept)
