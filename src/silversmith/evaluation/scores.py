"""Scores: precision, recall and F1 per type, and their micro, macro and weighted summaries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silversmith.core import Document
from silversmith.evaluation.counts import Counting, Counts, exact_counts, iou_counts
from silversmith.evaluation.pairing import Missing, keep_types, pair_documents
from silversmith.evaluation.units import Unit

__all__ = ["SUMMARIES", "Score", "Scores", "evaluate", "rates", "score", "summaries"]

SUMMARIES = ("micro", "macro", "weighted")
"""The ways of drawing types together, in the order in which they are printed."""


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 as fractions; gold and predicted: numbers of spans (or words)."""

    precision: float
    recall: float
    f1: float
    gold: float
    predicted: float

    def to_json(self) -> dict[str, float]:
        """The five numbers by name."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "gold": self.gold,
            "predicted": self.predicted,
        }


@dataclass(frozen=True, slots=True)
class Scores:
    """All scores of one counting rule, with the counts they come from. matching: the rule's name."""

    matching: str
    types: Mapping[str, Score]
    micro: Score
    macro: Score
    weighted: Score
    counts: Counts

    def to_json(self) -> dict[str, Any]:
        """Plain values: matching, types, micro, macro, weighted, counts."""
        return {
            "matching": self.matching,
            "types": {name: one.to_json() for name, one in self.types.items()},
            **{name: getattr(self, name).to_json() for name in SUMMARIES},
            "counts": self.counts.to_json(),
        }


def evaluate(
    gold: Iterable[Document],
    predicted: Iterable[Document],
    *,
    iou: float | None = None,
    unit: Unit = "words",
    types: Iterable[str] | None = None,
    missing: Missing = "error",
) -> Scores:
    """Score predicted documents against gold ones of the same ids.

    iou: None for exact matches, else the least IoU, in `unit`. types: leave all others out, on both
    sides. missing: see `pair_documents`. Raises DataError E001 to E004, ConfigError E005.
    """
    if types is not None:
        kept = tuple(types)
        gold, predicted = keep_types(gold, kept), keep_types(predicted, kept)
    counting: Counting = exact_counts if iou is None else partial(iou_counts, threshold=iou, unit=unit)
    name = "exact" if iou is None else f"iou {iou:g} ({unit})"
    return score(counting(pair_documents(gold, predicted, missing=missing)), name)


def score(counts: Counts, matching: str = "exact") -> Scores:
    """The scores of some counts. A quotient 0/0 is 0."""
    table = counts.array()
    per_type = rates(table)
    gold, predicted = table[:, 0] + table[:, 2], table[:, 0] + table[:, 1]
    types = {
        name: Score(p, r, f, float(one), float(other))
        for name, (p, r, f), one, other in zip(counts.types, per_type.tolist(), gold, predicted, strict=True)
    }
    micro, macro, weighted = (
        Score(p, r, f, float(gold.sum()), float(predicted.sum())) for p, r, f in summaries(table).tolist()
    )
    return Scores(matching, types, micro, macro, weighted, counts)


def rates(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Precision, recall and F1 [..., 3] of tp, fp, fn [..., 3]; 0/0 is 0."""
    tp, fp, fn = table[..., 0], table[..., 1], table[..., 2]
    return np.stack([_quotient(tp, tp + fp), _quotient(tp, tp + fn), _quotient(2 * tp, 2 * tp + fp + fn)], -1)


def summaries(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Micro, macro and weighted precision, recall, F1 [..., 3, 3] of tp, fp, fn [..., types, 3].

    micro: rates of the counts summed over types. macro: plain mean over the types that have a gold or
    predicted span. weighted: mean with the number of gold spans as weight, of F1 as of the others, so
    that weighted F1 is in general not the harmonic mean of weighted precision and recall.
    """
    per_type = rates(table)
    present = (table.sum(-1) > 0).astype(np.float64)
    support = table[..., 0] + table[..., 2]
    means = [
        _quotient((per_type * weight[..., None]).sum(-2), weight.sum(-1)[..., None])
        for weight in (present, support)
    ]
    return np.stack([rates(table.sum(-2)), *means], -2)


def _quotient(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """a / b, and 0 where b is 0."""
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(a.shape, b.shape)), where=b > 0)
