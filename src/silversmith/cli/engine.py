"""`--engine ray`: label and tag a Parquet corpus on many processors or machines; the local engine's bytes.

The corpus is cut into shards of whole blocks; a worker labels its shard with the loop of the local engine and
renames the finished part into place.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from silversmith.cli.shards import Row, Work, Worker, check_input, count, cut, leave, prepare, work_off
from silversmith.core.errors import ConfigError

if TYPE_CHECKING:
    from silversmith.cli.labelling import Totals
    from silversmith.core import Document
    from silversmith.integrations.ray_data import Pool

__all__ = ["LabelJob", "LabelWorker", "run_job"]

FORMS = {"jsonl": ".jsonl", "parquet": ".parquet"}


@dataclass(frozen=True, kw_only=True)
class LabelJob(Work):
    """One run. out: JSON lines, or a folder of Parquet. form: which one. top: labels listed of a span."""

    form: str
    top: int

    def part(self, shard: int) -> Path:
        """A shard's finished documents."""
        return self.parts / f"part-{shard:06}{FORMS[self.form]}"

    def check(self) -> None:
        """Raises ConfigError W003: an input or output that this engine can't do."""
        if self.form not in FORMS or str(self.out) == "-" or self.out.suffix == ".gz":
            raise ConfigError(
                "W003", "the engine ray writes JSON lines or Parquet", path=self.out, remedy="convert later"
            )
        if self.out.is_dir() and any(not one.match("part-*.parquet") for one in self.out.iterdir()):
            raise ConfigError(
                "W003", "a folder that holds more than shards", path=self.out, remedy="name another --out"
            )
        check_input(self.input)


class LabelWorker(Worker):
    """Labels shards."""

    def work(self, row: Row) -> None:
        """Make one part; its totals stand beside it."""
        from silversmith.cli.labelling import Totals
        from silversmith.formats import read, write

        totals, path = Totals(), self.job.part(int(row["shard"]))
        documents = read(self.job.input, "parquet", rows=f"{row['first']}:{row['last']}")
        aside = path.with_name(f"{os.getpid()}-{path.name}")
        write(self._labelled(documents, totals), aside, self.job.form)
        aside.replace(path)
        leave(_note(path), json.dumps(totals.to_json()))  # last: a part counts once its numbers are there

    def _labelled(self, documents: Iterable[Document], totals: Totals) -> Iterator[Document]:
        from silversmith.cli.labelling import label_blocks

        for _, silver, _ in label_blocks(self.opened, documents, totals, self.job.top):
            yield from silver


def run_job(job: LabelJob, pool: Pool) -> Totals:
    """Run what is not done yet and join the parts.

    Raises ConfigError W003 an input or output that this engine can't do; F021, W001, W002 as the pool;
    DataError F001, F002, F014 an input that can't be read; and whatever the source raises.
    """
    import time

    from silversmith.cli.labelling import Totals, say
    from silversmith.core.progress import track

    job.check()
    shards = cut(count(job.input))
    prepare(job, job.top, job.form)
    left = [one for one in shards if not _note(job.part(one["shard"])).is_file()]
    if len(left) < len(shards):
        say(f"going on after {len(shards) - len(left):,} of {len(shards):,} shards ({job.parts})")
    begin = time.perf_counter()
    if left:
        for _ in track(work_off(LabelWorker, job, left, pool), "shards", len(left)):
            pass
    totals = Totals()
    for one in shards:
        _add(totals, Totals.of_json(json.loads(_note(job.part(one["shard"])).read_text("utf-8"))))
    totals.seconds = time.perf_counter() - begin
    _join(job, [job.part(one["shard"]) for one in shards])
    return totals


def _join(job: LabelJob, parts: Sequence[Path]) -> None:
    """The parts in order as one file, or as a folder of Parquet."""
    if job.form == "parquet":
        for path in set(job.parts.iterdir()) - set(parts):
            path.unlink()
        if job.out.is_dir():
            shutil.rmtree(job.out)  # shards of an earlier run and nothing else: see LabelJob.check
        elif job.out.exists():
            job.out.unlink()
        job.parts.replace(job.out)
        return
    aside = job.parts / "joined"
    with aside.open("wb") as target:
        for path in parts:
            with path.open("rb") as source:
                shutil.copyfileobj(source, target)
    aside.replace(job.out)
    shutil.rmtree(job.parts)


def _add(totals: Totals, other: Totals) -> None:
    totals.documents += other.documents
    totals.words += other.words
    totals.uncovered += other.uncovered
    totals.types += Counter(other.types)


def _note(part: Path) -> Path:
    return part.with_suffix(".json")
