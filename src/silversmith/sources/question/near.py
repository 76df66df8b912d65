"""Approximate search in a large index: an inverted file of the codes (faiss), memory-mapped.

Phrases lie in lists by the centre they are nearest to; a search reads the lists whose centres are nearest to
the question, about four times as many phrases as are wanted. What it finds is scored again by whole vectors,
as after the scan. benchmarks/index.py compares both with exact search.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silversmith.formats.extras import need

__all__ = ["FILE", "Near", "write_near"]

FILE = "near.faiss"
LISTS, TRAINED = 4.0, 48
"""Lists: this times the root of the number of phrases; phrases a list that its centre is learnt from."""
WIDER, FEWEST = 4.0, 32
"""Phrases read for each one wanted; fewest lists that are read."""
CHUNK = 65536

Floats = NDArray[np.float32]


class Near:
    """The inverted file of an index, open for search."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigError F021: faiss isn't installed."""
        self.faiss = need("faiss", "search")
        self.index: Any = self.faiss.read_index(str(path), self.faiss.IO_FLAG_MMAP)

    def best(self, queries: Floats, top: int) -> list[NDArray[np.int64]]:
        """Numbers of about the `top` phrases nearest to each query float32 [queries, directions], sorted."""
        lists, count = self.index.nlist, self.index.ntotal
        read = min(lists, max(FEWEST, round(WIDER * top * lists / count)))
        parameters = self.faiss.SearchParametersIVF(nprobe=read)
        _, found = self.index.search(np.ascontiguousarray(queries), min(top, count), params=parameters)
        return [np.sort(one[one >= 0]) for one in found]


def write_near(
    path: Path, codes: Sequence[NDArray[np.int8]], scales: Sequence[Floats], *, seed: int = 0
) -> None:
    """Write the inverted file of an index's parts: int8 [phrases, directions] and float32 [phrases] each.

    Raises ConfigError F021: faiss isn't installed.
    """
    faiss = need("faiss", "search")
    count, size = sum(map(len, codes)), codes[0].shape[1]
    lists = max(1, round(LISTS * count**0.5))
    centres = faiss.IndexFlatIP(size)
    made = faiss.IndexIVFScalarQuantizer(
        centres, size, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    made.cp.seed = seed
    rng = np.random.default_rng(seed)
    share = min(1.0, TRAINED * lists / count)
    made.cp.min_points_per_centroid = 1
    made.train(np.concatenate([one[rng.random(len(one)) < share] for one in _vectors(codes, scales)]))
    for piece in _vectors(codes, scales):
        made.add(piece)
    faiss.write_index(made, str(path))


def _vectors(codes: Sequence[NDArray[np.int8]], scales: Sequence[Floats]) -> Iterator[Floats]:
    """What the codes stand for, in pieces."""
    for part, scale in zip(codes, scales, strict=True):
        for low in range(0, len(part), CHUNK):
            piece = part[low : low + CHUNK].astype(np.float32)
            yield piece * scale[low : low + CHUNK, None]
