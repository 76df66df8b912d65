"""Overlaps in tables of candidates: `resolve` document by document."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from silversmith.silver.overlaps import resolve
from silversmith.sources.features.table import SpanTable

__all__ = ["resolve", "resolve_table"]


def resolve_table(
    table: SpanTable,
    p: NDArray[np.float64],
    decided: NDArray[np.int64],
    documents: int,
    *,
    nested: bool = False,
) -> Iterator[NDArray[np.int64]]:
    """The rows that stay of each document in turn; rows decided to be O (the last class) never do.

    table: rows by document, ascending. p: float64 [rows, classes]; decided: int64 [rows].
    """
    edges = np.searchsorted(table.document, np.arange(documents + 1))
    for low, high in pairwise(edges):
        rows = low + np.flatnonzero(decided[low:high] != p.shape[1] - 1)
        spans = list(zip(table.start[rows].tolist(), table.end[rows].tolist(), strict=True))
        kept = resolve(spans, p[rows, decided[rows]].tolist(), nested=nested)
        yield rows[np.array(kept, np.int64)]
