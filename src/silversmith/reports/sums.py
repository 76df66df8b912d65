"""Evidence as the rows of a sum: leaves, the smaller ones together, score, calibration, log probability."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from silversmith.core import Evidence, Leaf, Vote

__all__ = ["Row", "shown_labels", "sum_rows"]

BIAS = "bias"
DIGITS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One row. kind: "leaf", "rest", "score", "calibration" or "total".

    values: exact, one a shown label. starts, ends: the running sums before and after the row, between
    which its bar lies (from 0 for score and total). leaf: the leaf itself, for kind "leaf".
    """

    kind: str
    name: str
    values: tuple[float, ...]
    starts: tuple[float, ...]
    ends: tuple[float, ...]
    leaf: Leaf | None = None

    @property
    def printed(self) -> tuple[str, ...]:
        """The values with three decimals, rounded so that the printed column adds up exactly."""
        pairs = zip(self.starts, self.ends, strict=True)
        return tuple(_signed(round(end, DIGITS) - round(start, DIGITS)) for start, end in pairs)


def shown_labels(vote: Vote, evidence: Evidence, count: int = 3) -> list[str]:
    """The vote's `count` most probable labels that the evidence speaks of, O included if it does."""
    known = set(evidence.calibration).union(*(leaf.values for leaf in evidence.leaves))
    return [label for label, _ in vote.top(len(vote.probabilities) + 1) if label in known][:count]


def sum_rows(evidence: Evidence, labels: Sequence[str], limit: int | None = None) -> list[Row]:
    """Rows that add up: bias first, leaves from the weightiest on, and the results.

    limit: leaves shown one by one; what is smaller becomes one row "n smaller parts". The rows "score",
    "calibration" and "log probability" follow; the last two only if every label has a calibration.
    """
    ordered = sorted(evidence.leaves, key=lambda leaf: (leaf.name != BIAS, -_weight(leaf, labels), leaf.name))
    keep = len(ordered) if limit is None or len(ordered) <= limit + 1 else limit
    parts: list[tuple[str, str, tuple[float, ...], Leaf | None]]
    parts = [("leaf", leaf.name, _values(leaf, labels), leaf) for leaf in ordered[:keep]]
    if rest := ordered[keep:]:
        total = tuple(math.fsum(leaf.values.get(label, 0.0) for leaf in rest) for label in labels)
        parts.append(("rest", f"{len(rest)} smaller parts", total, None))
    score = tuple(evidence.score(label) for label in labels)
    rows, start = [], tuple(0.0 for _ in labels)
    for number, (kind, name, values, leaf) in enumerate(parts, start=1):
        # The last row ends at the score itself: running sums in another order differ in the last bit.
        end = score if number == len(parts) else tuple(map(sum, zip(start, values, strict=True)))
        rows.append(Row(kind, name, values, start, end, leaf))
        start = end
    return rows + _results(evidence, labels, score)


def _results(evidence: Evidence, labels: Sequence[str], score: tuple[float, ...]) -> list[Row]:
    """Score, calibration and log probability."""
    nothing = tuple(0.0 for _ in labels)
    rows = [Row("score", "score", score, nothing, score)]
    if labels and all(label in evidence.calibration for label in labels):
        total = tuple(evidence.log_probability(label) for label in labels)
        added = tuple(evidence.calibration[label] for label in labels)
        rows.append(Row("calibration", "calibration", added, score, total))
        rows.append(Row("total", "log probability", total, nothing, total))
    return rows


def _values(leaf: Leaf, labels: Sequence[str]) -> tuple[float, ...]:
    """A leaf's contributions to the shown labels."""
    return tuple(leaf.values.get(label, 0.0) for label in labels)


def _weight(leaf: Leaf, labels: Sequence[str]) -> float:
    """How much a leaf matters here: its largest contribution to a shown label."""
    return max((abs(value) for value in _values(leaf, labels)), default=0.0)


def _signed(value: float) -> str:
    """'+0.420', '−1.300': always signed, a true minus, no negative zero."""
    return f"{value + 0.0:+.{DIGITS}f}".replace("-0.000", "+0.000").replace("-", "−")
