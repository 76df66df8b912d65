"""Pages: the report of labelled documents that `label --report` and `demo` write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from silversmith.core import Document, Span, track

if TYPE_CHECKING:
    from silversmith.cli.labelling import Labeller
    from silversmith.evaluation import Scores

__all__ = ["score_silver", "write_silver_page"]

IOU = 0.5


def write_silver_page(
    path: Path, title: str, source: Labeller, documents: Sequence[Document], facts: Sequence[str]
) -> None:
    """Label some documents and write a page on which every span opens its reason.

    If a document has spans of its own they count as gold: scores, mistakes and reliability are shown.
    """
    from silversmith.cli.labelling import silver_document
    from silversmith.reports import write_report
    from silversmith.reports.scores import reliability_figure, score_table

    votes = list(source.label(documents))
    silver = [silver_document(*pair, 0) for pair in zip(documents, votes, strict=True)]
    gold: dict[str, Sequence[Span]] | None = {one.id: one.spans for one in documents}
    if gold and not any(gold.values()):
        gold = None
    scores = score_silver(documents, silver) if gold else ()
    figure = reliability_figure(silver, gold) if gold else None
    write_report(
        path,
        title,
        silver,
        track((vote for some in votes for vote in some), "reasons", sum(map(len, votes))),
        explain=source.explain,
        gold=gold,
        tables=[score_table(one) for one in scores],
        figures=[figure] if figure else (),
        facts=[f"{len(silver):,} {'document' if len(silver) == 1 else 'documents'} shown", *facts],
    )


def score_silver(gold: Sequence[Document], silver: Sequence[Document]) -> tuple[Scores, Scores]:
    """Exact scores and those at IoU 0.5."""
    from silversmith.evaluation import evaluate

    return evaluate(gold, silver), evaluate(gold, silver, iou=IOU)
