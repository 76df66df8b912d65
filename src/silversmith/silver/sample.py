"""Quality from a few labelled documents: those that the source was not fitted on.

The documents that make one seed of a source are unseen by the other seeds, so each seed is judged by the
documents of the others: no text of the silver set itself needs gold.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from silversmith.core import ConfigError, Document
from silversmith.evaluation import bootstrap, document_counts, exact_counts
from silversmith.silver.quality import FEWEST, load_measured
from silversmith.silver.ranges import Range

__all__ = ["sample_quality", "widened"]


def sample_quality(
    pairs: Iterable[tuple[Document, Document]], *, drift: float | None = None, seed: int = 0
) -> tuple[Range, Range]:
    """90 % ranges of precision and recall of a source on texts like those of the pairs.

    pairs: (gold, what the source finds there), of documents that it was not fitted on. The ranges are
    bootstrap intervals over documents, widened by `drift`: how far a silver set may lie from the labelled
    documents beyond chance (None: as measured where gold exists). Raises ConfigError Q006 for fewer
    than 50 gold spans or 50 found ones.
    """
    counts = document_counts(pairs, exact_counts)
    right, false, missed = (float(one) for one in counts.table.sum(axis=(0, 1)))
    if min(right + missed, right + false) < FEWEST:
        raise ConfigError(
            "Q006",
            f"{right + missed:.0f} labelled spans and {right + false:.0f} found ones are too few",
            remedy=f"a range needs {FEWEST} of both",
        )
    found = bootstrap(counts, level=0.9, seed=seed)
    bounds = (found[f"micro.{name}"] for name in ("precision", "recall"))
    precision, recall = (Range(one.low, one.value, one.high) for one in bounds)
    drift = load_measured()["drift"] if drift is None else drift
    return widened(precision, drift), widened(recall, drift)


def widened(one: Range, drift: float) -> Range:
    """A range with drift added on both sides, in quadrature."""
    low, high = (math.hypot(side, drift) for side in (one.value - one.low, one.high - one.value))
    return Range(max(0.0, one.value - low), one.value, min(1.0, one.value + high))
