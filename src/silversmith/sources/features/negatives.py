"""Mapping spans: the gold spans, and candidates that are no gold span as examples of O."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from silversmith.sources.features.corpus import Corpus
from silversmith.sources.features.options import Options
from silversmith.sources.features.table import SpanTable

__all__ = ["best_iou", "mapping_spans"]


def mapping_spans(corpus: Corpus, options: Options) -> SpanTable:
    """Gold spans (candidates or not) and negatives, `options.negatives` a gold span, seeded.

    Candidates equal to a gold span never count twice; those that overlap one by more than
    `options.negative_iou` are left out: the paper's (i, j) not in X_P makes them O.
    """
    outside = corpus.proposed.label == corpus.outside
    if options.negatives == 0:
        return corpus.gold
    if options.negative_iou < 1:
        outside &= best_iou(corpus.proposed, corpus.gold) <= options.negative_iou
    index = np.flatnonzero(outside)
    if options.negatives is not None:
        size = min(len(index), round(options.negatives * len(corpus.gold)))
        index = np.sort(np.random.default_rng(options.seed).choice(index, size, replace=False))
    return SpanTable.join([corpus.gold, corpus.proposed.take(index)])


def best_iou(table: SpanTable, gold: SpanTable) -> NDArray[np.float64]:
    """The largest intersection over union, in pieces, of each span with a gold span of its document."""
    result = np.zeros(len(table))
    for document in np.unique(gold.document):
        ours, theirs = table.document == document, gold.document == document
        a, b = table.first[ours, None], table.last[ours, None]
        c, d = gold.first[None, theirs], gold.last[None, theirs]
        common = np.maximum(np.minimum(b, d) - np.maximum(a, c), 0)
        union = np.maximum((b - a) + (d - c) - common, 1)
        result[ours] = (common / union).max(axis=1, initial=0.0)
    return result
