"""Vote and Evidence: what a source says of one span, and why, in parts that add up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from silversmith.core.document import OUTSIDE, Span
from silversmith.core.errors import DataError

__all__ = ["Evidence", "Leaf", "Vote"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One named part of a score. values: label -> contribution (labels absent contribute 0).

    detail: what else a page may show of it (e.g. activation, link), JSON values.
    """

    name: str
    values: Mapping[str, float]
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a span got its probabilities.

    leaves: their sum is the score of each label before calibration. calibration: label -> what
    calibration added, so that score + calibration = log probability (for the labels it lists).
    support: what is shown beside the leaves and not summed (example spans, passages, rules).
    """

    leaves: tuple[Leaf, ...]
    calibration: Mapping[str, float] = field(default_factory=dict)
    support: tuple[Mapping[str, Any], ...] = ()

    def score(self, label: str) -> float:
        """Sum of the leaves for one label, before calibration."""
        return math.fsum(leaf.values.get(label, 0.0) for leaf in self.leaves)

    def log_probability(self, label: str) -> float:
        """Score plus calibration: the log of the vote's probability of this label."""
        return self.score(label) + self.calibration[label]


@dataclass(frozen=True, slots=True)
class Vote:
    """What a source says of one span: label -> probability; the remainder to 1 is "not an entity".

    Raises DataError V001 if a probability is outside [0, 1], NaN, or their sum is above 1 (+1e-6).
    """

    document_id: str
    start: int
    end: int
    probabilities: Mapping[str, float]
    source: str
    evidence: Evidence | None = None

    def __post_init__(self) -> None:
        values = self.probabilities.values()
        if not all(0.0 <= value <= 1.0 for value in values) or math.fsum(values) > 1 + 1e-6:
            raise DataError(
                "V001",
                f"source {self.source!r} gave probabilities that are none: {dict(self.probabilities)}",
                where=f"document {self.document_id!r} [{self.start}, {self.end})",
            )

    @property
    def outside(self) -> float:
        """Probability that the span is no entity."""
        return max(0.0, 1.0 - math.fsum(self.probabilities.values()))

    @property
    def label(self) -> str:
        """The most probable label, O included (ties: alphabetical)."""
        everything = {**self.probabilities, OUTSIDE: self.outside}
        return min(everything, key=lambda name: (-everything[name], name))

    @property
    def probability(self) -> float:
        """Probability of `label`."""
        return self.outside if self.label == OUTSIDE else self.probabilities[self.label]

    def top(self, n: int) -> list[tuple[str, float]]:
        """The n most probable labels, O included, with their probabilities."""
        everything = {**self.probabilities, OUTSIDE: self.outside}
        return sorted(everything.items(), key=lambda item: (-item[1], item[0]))[:n]

    def span(self) -> Span:
        """The span of the most probable type (O excluded). Raises ValueError if there is none."""
        label = min(self.probabilities, key=lambda name: (-self.probabilities[name], name))
        return Span(self.start, self.end, label, self.probabilities[label], self.source)
