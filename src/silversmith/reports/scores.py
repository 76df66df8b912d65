"""Scores as parts of a page: the table of a matching rule, and the reliability plot of found spans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from silversmith.core import Document, Span
from silversmith.evaluation.calibration import expected_calibration_error, reliability
from silversmith.evaluation.scores import SUMMARIES, Scores
from silversmith.reports.highlight import compare
from silversmith.reports.table import Table

__all__ = ["reliability_figure", "score_table"]

BINS = 10


def score_table(scores: Scores) -> Table:
    """Precision, recall and F1 by type, then micro, macro and weighted."""
    rows = [(name, one) for name, one in scores.types.items()]
    rows += [(name, getattr(scores, name)) for name in SUMMARIES]
    cells = [
        [
            name,
            *(f"{value:.3f}" for value in (one.precision, one.recall, one.f1)),
            f"{one.gold:g}",
            f"{one.predicted:g}",
        ]
        for name, one in rows
    ]
    strong = frozenset(range(len(scores.types), len(rows)))
    columns = ["type", "precision", "recall", "F1", "gold", "found"]
    return Table(f"Against gold, match: {scores.matching}", columns, cells, strong)


def reliability_figure(
    documents: Sequence[Document], gold: Mapping[str, Sequence[Span]]
) -> tuple[str, str] | None:
    """Caption and SVG: how often spans of each probability are right. None without a span with a score."""
    from silversmith.reports.svg import reliability_plot

    pairs = [
        (mark.span.score, mark.state == "right")
        for document in documents
        for mark in compare(document.spans, gold.get(document.id, ()))
        if mark.span.score is not None
    ]
    if not pairs:
        return None
    p, right = zip(*pairs, strict=True)
    error = expected_calibration_error(p, right, bins=BINS)
    plot = reliability_plot(reliability(p, right, bins=BINS), ece=error, size=(300, 300))
    return "Are the probabilities right?", plot
