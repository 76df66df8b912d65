"""Example spans: where in the mapping corpus a latent was strongest, with a little context."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from silversmith.sources.features.corpus import Corpus
from silversmith.sources.features.fitting import Fit

__all__ = ["Examples", "collect_examples"]

Examples: TypeAlias = dict[int, list[dict[str, Any]]]
"""Column (role x latents + latent) -> its top spans, strongest first."""

CONTEXT, COLUMNS = 30, 2000
"""Characters shown on each side; columns that get examples, those with the largest summed evidence."""


def collect_examples(corpus: Corpus, fit: Fit, count: int) -> Examples:
    """The `count` spans with the largest value of each of the most telling columns, texts distinct."""
    terms = fit.linear.terms(fit.x)
    spread = fit.linear.weights.max(axis=1) - fit.linear.weights.min(axis=1)
    weight = np.asarray(abs(terms).sum(axis=0)).ravel() * spread
    order = np.argsort(-weight, kind="stable")
    latents = fit.linear.columns[order] < len(fit.options.roles) * corpus.matrix.shape[1]  # no cues
    telling = fit.linear.columns[order[latents][:COLUMNS]]
    by_column = fit.x[:, telling].tocsc()
    result: Examples = {}
    for place, column in enumerate(telling):
        begin, end = by_column.indptr[place], by_column.indptr[place + 1]
        rows, values = by_column.indices[begin:end], by_column.data[begin:end]
        order = np.lexsort((rows, -values))
        spans: list[dict[str, Any]] = []
        for one in order[: count * 4]:
            span = _example(corpus, fit, int(rows[one]), float(values[one]))
            if all(span["text"].lower() != other["text"].lower() for other in spans):
                spans.append(span)
            if len(spans) == count:
                break
        result[int(column)] = spans
    return result


def _example(corpus: Corpus, fit: Fit, row: int, value: float) -> dict[str, Any]:
    """One span as JSON values."""
    document = corpus.documents[fit.table.document[row]]
    start, end = int(fit.table.start[row]), int(fit.table.end[row])
    return {
        "document": document.id,
        "label": corpus.labels[fit.table.label[row]],
        "left": document.text[max(0, start - CONTEXT) : start],
        "text": document.text[start:end][:80],
        "right": document.text[end : end + CONTEXT],
        "value": round(value, 3),
    }
