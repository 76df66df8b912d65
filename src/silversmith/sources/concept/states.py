"""States: frozen rows of many texts in one 16-bit file, read once and mapped into memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silversmith.core import track

__all__ = ["States"]

ROWS, INDEX, MANIFEST = "rows.f16", "index.npz", "manifest.json"


class States:
    """bounds: int64 [texts + 1], rows of each text; rows: float16 [all rows, width], mapped.

    offsets: int32 [pieces, 2] of each text (empty for names).
    """

    def __init__(self, folder: Path) -> None:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        with np.load(folder / INDEX) as index:
            self.bounds: NDArray[np.int64] = index["bounds"]
            joined, edges = index["offsets"], index["edges"]
        self.offsets = [joined[low:high] for low, high in pairwise(edges.tolist())]
        shape = (int(self.bounds[-1]), int(manifest["width"]))
        self.rows: NDArray[np.float16] = np.memmap(folder / ROWS, np.float16, "r", shape=shape)

    @classmethod
    def make(
        cls,
        folder: Path,
        texts: Sequence[str],
        read: Iterable[tuple[Any, ...]],
        width: int,
        identity: dict[str, Any],
        title: str,
    ) -> States:
        """Those in the folder, if they are of these texts and this reading; else read and written.

        read: (position, offsets, rows) or (position, rows) of each text, in any order.
        """
        mark = hashlib.sha256(json.dumps([identity, list(texts)], sort_keys=True).encode()).hexdigest()
        manifest = folder / MANIFEST
        if manifest.is_file() and json.loads(manifest.read_text(encoding="utf-8"))["mark"] == mark:
            return cls(folder)
        folder.mkdir(parents=True, exist_ok=True)
        manifest.unlink(missing_ok=True)
        bounds = np.zeros((len(texts), 2), np.int64)
        offsets: list[NDArray[np.int32]] = [np.empty((0, 2), np.int32)] * len(texts)
        done = 0
        with (folder / ROWS).open("wb") as file:
            for number, *rest in track(read, title, len(texts)):
                rows = rest[-1]
                if len(rest) == 2:
                    offsets[number] = rest[0]
                file.write(np.ascontiguousarray(rows, np.float16).tobytes())
                bounds[number] = done, done + len(rows)
                done += len(rows)
        cls._order(folder / ROWS, bounds, width)
        sizes = bounds[:, 1] - bounds[:, 0]
        edges = np.concatenate([[0], np.cumsum([len(one) for one in offsets])]).astype(np.int64)
        joined = np.concatenate([np.empty((0, 2), np.int32), *offsets])
        np.savez(folder / INDEX, bounds=np.concatenate([[0], np.cumsum(sizes)]), offsets=joined, edges=edges)
        manifest.write_text(json.dumps({"mark": mark, "width": width}), encoding="utf-8")
        return cls(folder)

    @staticmethod
    def _order(path: Path, bounds: NDArray[np.int64], width: int) -> None:
        """Rewrite the rows in the order of the texts (they came by length)."""
        if not len(bounds) or bool((bounds[1:, 0] == bounds[:-1, 1]).all()):
            return
        rows = np.memmap(path, np.float16, "r", shape=(int(bounds[:, 1].max()), width))
        aside = path.with_suffix(".part")
        with aside.open("wb") as file:
            for low, high in bounds.tolist():
                file.write(rows[low:high].tobytes())
        del rows
        aside.replace(path)

    def of(self, numbers: Sequence[int]) -> tuple[NDArray[np.float32], list[int]]:
        """(rows float32 of some texts one after the other, rows of each)."""
        parts = [self.rows[self.bounds[n] : self.bounds[n + 1]] for n in numbers]
        return np.concatenate(parts).astype(np.float32), [len(one) for one in parts]
