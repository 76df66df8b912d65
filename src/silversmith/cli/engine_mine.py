"""`mine --engine ray`: workers test shards of a Parquet corpus; their results become the run's journal.

The run itself is then the local one, which finds every block in its journal.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from silversmith.cli.shards import Row, Work, Worker, leave, prepare, work_off

if TYPE_CHECKING:
    from silversmith.core import Document
    from silversmith.integrations.ray_data import Pool
    from silversmith.models.masked import MaskedModel
    from silversmith.sources.example.plan import Plan

__all__ = ["MineJob", "MineWorker", "mine_elsewhere"]


@dataclass(frozen=True, kw_only=True)
class MineJob(Work):
    """One run. plan: what was settled before; out: the journal of the run."""

    plan: Plan

    def part(self, shard: int) -> Path:
        """A shard's records, one a line."""
        return self.parts / f"shard-{shard:06}.jsonl"


class MineWorker(Worker):
    """Tests shards."""

    def work(self, row: Row) -> None:
        """Leave the records of a shard's blocks."""
        from silversmith.formats import read
        from silversmith.sources.example.run import shard_records
        from silversmith.sources.example.scorer import Scorer

        plan, model = self.job.plan, self.opened
        scorer = Scorer(model, plan.seeds, plan.options, plan.scales)
        documents = read(self.job.input, "parquet", rows=f"{row['first']}:{row['last']}")
        records = shard_records(plan, scorer, documents)
        lines = (json.dumps(one, ensure_ascii=True) + "\n" for one in records)
        leave(self.job.part(int(row["shard"])), "".join(lines))


def mine_elsewhere(job: MineJob, model: MaskedModel, documents: Iterable[Document], pool: Pool) -> None:
    """Bring the journal of a run to its end; what it has already, or what shards are done, stays."""
    from silversmith.core.progress import track
    from silversmith.sources.example.journal import Journal, shards_of
    from silversmith.sources.example.run import settings_of

    prepare(job)
    spaced = job.plan.options.spaced
    journal = Journal(job.out, settings_of(job.plan, model))
    journal.matches(documents, spaced=spaced)
    rows, blocks = [], 0
    whole = 0
    for n, (first, last, count) in enumerate(shards_of(documents, spaced=spaced)):
        blocks += count
        if blocks <= len(journal):
            whole = blocks
        else:
            rows.append({"shard": n, "first": first, "last": last})
    journal.cut(whole)
    left = [one for one in rows if not job.part(one["shard"]).is_file()]
    done = iter(track(work_off(MineWorker, job, left, pool), "shards", len(left)) if left else ())
    for row in rows:
        path = job.part(row["shard"])
        while not path.is_file():
            if next(done, None) is None:
                raise RuntimeError(f"no worker has left {path}")
        with path.open(encoding="ascii") as file:
            for line in file:
                journal.add(json.loads(line))
        path.unlink()
    for _ in done:
        pass  # to its end, where the pool closes
    shutil.rmtree(job.parts)
