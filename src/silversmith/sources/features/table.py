"""SpanTable: spans as columns of arrays, with the pieces each of them meets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

__all__ = ["Csr", "SpanTable", "locate"]

Csr: TypeAlias = "csr_array[Any, tuple[int, int]]"
"""A sparse matrix in row order."""


@dataclass(frozen=True, slots=True)
class SpanTable:
    """Spans as columns. All arrays [spans].

    document: position of the document in its collection. start, end: characters, end exclusive.
    first, last: rows of the stacked pieces, last exclusive; low, high: rows of the whole document.
    label: position in the labels (O is the last one). cues: int16 [spans, groups], see `cues`.
    """

    document: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    label: NDArray[np.int32]
    cues: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.document)

    def take(self, index: NDArray[Any]) -> SpanTable:
        """The rows of an index or mask, in its order."""
        return SpanTable(*(getattr(self, name)[index] for name in self.__slots__))

    def labelled(self, label: NDArray[np.int32]) -> SpanTable:
        """The same spans with other labels."""
        return replace(self, label=label.astype(np.int32))

    @classmethod
    def join(cls, tables: list[SpanTable]) -> SpanTable:
        """All rows of several tables over the same stacked pieces."""
        return cls(*(np.concatenate([getattr(one, name) for one in tables]) for name in cls.__slots__))


def locate(
    offsets: NDArray[np.int32],
    spans: NDArray[np.int32],
    labels: NDArray[np.int32],
    *,
    document: int = 0,
    low: int = 0,
    cues: NDArray[np.int16] | None = None,
) -> SpanTable:
    """The table of one document's spans: the pieces whose characters meet the span's.

    offsets: int32 [pieces, 2]; spans: int32 [spans, 2] characters; labels: int32 [spans];
    low: the row of the document's first piece in the stacked matrix. A span that meets no piece has
    first == last (the caller counts and drops it).
    """
    spans = spans.reshape(-1, 2)
    first = np.searchsorted(offsets[:, 1], spans[:, 0], side="right")
    last = np.maximum(np.searchsorted(offsets[:, 0], spans[:, 1], side="left"), first)
    full = np.full(len(spans), low, np.int64)
    return SpanTable(
        document=np.full(len(spans), document, np.int32),
        start=spans[:, 0].astype(np.int32),
        end=spans[:, 1].astype(np.int32),
        first=full + first,
        last=full + last,
        low=full,
        high=full + len(offsets),
        label=labels.astype(np.int32),
        cues=np.empty((len(spans), 0), np.int16) if cues is None else cues,
    )
