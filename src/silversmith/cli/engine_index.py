"""`index --engine ray`: workers read the phrases of a Parquet corpus, one process puts them together.

The build is the local one, so its bytes are; only where a block's phrases come from differs.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from silversmith.cli.shards import Row, Work, Worker, count, cut, leave, prepare, work_off
from silversmith.core.source import BLOCK, blocks

if TYPE_CHECKING:
    from silversmith.core import Document
    from silversmith.integrations.ray_data import Pool
    from silversmith.sources.question.index import PhraseIndex
    from silversmith.sources.question.phrases import Phrases

__all__ = ["IndexJob", "IndexWorker", "PhraseReader"]


@dataclass(frozen=True, kw_only=True)
class IndexJob(Work):
    """One build."""

    def block(self, number: int) -> Path:
        """A block's phrases."""
        return self.parts / f"block-{number:07}.npz"


class IndexWorker(Worker):
    """Reads the phrases of shards, a file a block."""

    def work(self, row: Row) -> None:
        """skip, of the row: documents, counted from its first, whose text was there before. least: the first
        block that is wanted."""
        from silversmith.formats import read
        from silversmith.sources.question.building import read_block

        encoder, proposer = self.opened
        skip, first = set(json.loads(row["skip"])), int(row["first"])
        rows = enumerate(read(self.job.input, "parquet", rows=f"{first}:{row['last']}"))
        for number, block in enumerate(blocks(rows), start=first // BLOCK):
            if number < int(row["least"]):
                continue
            documents = [one for n, one in block if n not in skip]
            found = read_block(documents, encoder, proposer)
            arrays: dict[str, Any] = {
                f"{n}-{m}": values for n, one in enumerate(found) for m, values in enumerate(one)
            }
            held = io.BytesIO()
            np.savez(held, **arrays)
            leave(self.job.block(number), held.getvalue())


class PhraseReader:
    """What a build asks for the phrases of a block; waits until a worker has read them.

    base: the index that is added to; its texts are not read again.
    """

    def __init__(self, job: IndexJob, pool: Pool, base: PhraseIndex | None = None) -> None:
        self.job, self.pool, self.base = job, pool, base
        self.done: Iterator[int] | None = None

    def __call__(self, number: int, documents: list[Document]) -> list[Phrases]:
        """See `building.Reader`."""
        from silversmith.sources.question.phrases import Phrases

        if self.done is None:
            self.done = self._start(number)
        path = self.job.block(number)
        while not path.is_file():
            if next(self.done, None) is None:
                raise RuntimeError(f"no worker has left {path}")
        with np.load(path, allow_pickle=False) as values:
            found = [
                Phrases(*(values[f"{n}-{m}"] for m in range(len(Phrases._fields))))
                for n in range(len(documents))
            ]
        path.unlink()
        return found

    def close(self) -> None:
        """The index is whole: the pool ends, and what the workers left is not needed any more."""
        for _ in self.done or ():
            pass
        shutil.rmtree(self.job.parts, ignore_errors=True)

    def _start(self, first: int) -> Iterator[int]:
        """Set the workers to whatever is not read yet, from a block on."""
        prepare(self.job)
        rows = []
        for row in self._rows():
            wanted = range(max(first, row["first"] // BLOCK), -(-row["last"] // BLOCK))
            if any(not self.job.block(number).is_file() for number in wanted):
                rows.append(row | {"least": first})
        return work_off(IndexWorker, self.job, rows, self.pool)

    def _rows(self) -> Iterator[Row]:
        """The shards, with the documents that are left out."""
        from silversmith.formats import read
        from silversmith.sources.question.building import distinct

        seen: set[bytes] = set()
        distinct(self.base.documents() if self.base else (), seen)
        stream = iter(read(self.job.input, "parquet"))
        for row in cut(count(self.job.input)):
            skip = [n for n in range(row["last"] - row["first"]) if not distinct([next(stream)], seen)]
            yield row | {"skip": json.dumps(skip)}
