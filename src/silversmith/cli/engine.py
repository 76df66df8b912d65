"""`--engine ray`: label and tag a Parquet corpus on many processors or machines; the local engine's bytes.

The corpus is cut into shards of whole blocks; a worker reads its shard from the file, labels it with the
loop of the local engine and renames the finished part into place. What lies in OUT.parts is done: a killed
run goes on, and a part that two workers made is one file.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from silversmith.core.errors import ConfigError, SilversmithError
from silversmith.core.source import BLOCK

if TYPE_CHECKING:
    from silversmith.cli.labelling import Totals
    from silversmith.core import Document
    from silversmith.integrations.ray_data import Pool

__all__ = ["Cluster", "Cpus", "Engine", "Job", "Worker", "Workers", "pool_of", "run_job"]

Engine = Annotated[str, typer.Option(help="local, or ray: many processors or machines, Parquet in.")]
Workers = Annotated[
    int, typer.Option(min=0, help="With ray: workers, each with the model (0: one a processor).")
]
Cpus = Annotated[int, typer.Option(min=1, help="With ray: processors a worker.")]
Cluster = Annotated[
    str | None,
    typer.Option(help="With ray: a cluster's address (auto, HOST:PORT); default: one on this machine."),
]

LARGEST = 16
"""Blocks of a shard."""
FEWEST, MOST = 64, 20_000
"""Shards of a corpus: a small one is cut finer, a very large one into larger shards than that."""
STATE = "settings.json"
FORMS = {"jsonl": ".jsonl", "parquet": ".parquet"}


def pool_of(engine: str, workers: int, cpus: int, cluster: str | None) -> Pool | None:
    """The pool that the options ask for; None: the local engine. Raises ConfigError W003."""
    from silversmith.integrations.ray_data import Pool

    if engine == "ray":
        return Pool(cluster, workers, cpus)
    if engine != "local":
        raise ConfigError("W003", f"--engine {engine}: there is no such engine", remedy="local or ray")
    if workers or cpus > 1 or cluster:
        raise ConfigError("W003", "--workers, --cpus and --cluster ask for --engine ray")
    return None


@dataclass(frozen=True)
class Job:
    """One run. opener: what opens the source, a function of this package; arguments: its keywords.

    input: a Parquet file or folder; out: JSON lines, or a folder of Parquet; settings: whatever decides the
    result (JSON values). home: where relative paths begin.
    """

    opener: Any
    arguments: dict[str, Any]
    input: Path
    out: Path
    form: str
    top: int
    settings: dict[str, Any]
    home: Path = field(default_factory=Path.cwd)

    @property
    def parts(self) -> Path:
        """The folder of finished parts."""
        return self.out.with_name(self.out.name + ".parts")

    def part(self, shard: int) -> Path:
        """A shard's finished documents."""
        return self.parts / f"part-{shard:06}{FORMS[self.form]}"

    def check(self) -> None:
        """Raises ConfigError W003: an input or output that this engine can't do."""
        from silversmith.formats.detect import detect
        from silversmith.formats.registry import forms

        if self.form not in FORMS or str(self.out) == "-" or self.out.suffix == ".gz":
            raise ConfigError(
                "W003", "the engine ray writes JSON lines or Parquet", path=self.out, remedy="convert later"
            )
        if self.out.is_dir() and any(not one.match("part-*.parquet") for one in self.out.iterdir()):
            raise ConfigError(
                "W003", "a folder that holds more than shards", path=self.out, remedy="name another --out"
            )
        if str(self.input) == "-" or not self.input.exists():
            return  # the reader says it
        if detect(self.input, forms().values()) != "parquet":
            raise ConfigError(
                "W003",
                "the engine ray reads Parquet",
                path=self.input,
                remedy=f"silversmith convert {self.input} corpus.parquet",
            )


class Worker:
    """Labels shards: what the pool runs, and what a test may run without one."""

    def __init__(self, job: Job) -> None:
        self.job, self.error = job, b""
        self.source: Any = None
        try:
            if job.home.is_dir():  # a cluster's workers began elsewhere
                os.chdir(job.home)
            self.source = job.opener(**job.arguments)
        except SilversmithError as error:
            self.error = pickle.dumps(error)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        """batch: shard, first, last. Returns shard and error (pickled; empty if there is none)."""
        shards = [int(one) for one in batch["shard"]]
        errors = []
        for shard, first, last in zip(shards, batch["first"], batch["last"], strict=True):
            try:
                if not self.error:
                    self.work(shard, int(first), int(last))
                errors.append(self.error)
            except SilversmithError as error:
                errors.append(pickle.dumps(error))
        return {"shard": shards, "error": errors}

    def work(self, shard: int, first: int, last: int) -> None:
        """Make one part; its totals stand beside it."""
        from silversmith.cli.labelling import Totals
        from silversmith.formats import read, write

        totals, path = Totals(), self.job.part(shard)
        documents = read(self.job.input, "parquet", rows=f"{first}:{last}")
        aside = path.with_name(f"{os.getpid()}-{path.name}")
        write(self._labelled(documents, totals), aside, self.job.form)
        aside.replace(path)
        aside.write_text(json.dumps(totals.to_json()), encoding="utf-8")
        aside.replace(_note(path))  # last: a part counts once its numbers are there

    def _labelled(self, documents: Iterable[Document], totals: Totals) -> Iterator[Document]:
        from silversmith.cli.labelling import label_blocks

        for _, silver, _ in label_blocks(self.source, documents, totals, self.job.top):
            yield from silver


def run_job(job: Job, pool: Pool) -> Totals:
    """Run what is not done yet and join the parts.

    Raises ConfigError W003 an input or output that this engine can't do; F021, W001, W002 as the pool;
    DataError F001, F002, F014 an input that can't be read; and whatever the source raises.
    """
    import time

    from silversmith.cli.labelling import Totals, say
    from silversmith.core.progress import track
    from silversmith.integrations.ray_data import map_rows

    job.check()
    shards = _shards(job)
    _prepare(job)
    left = [one for one in shards if not _note(job.part(one["shard"])).is_file()]
    if len(left) < len(shards):
        say(f"going on after {len(shards) - len(left):,} of {len(shards):,} shards ({job.parts})")
    begin = time.perf_counter()
    if left:
        made = map_rows(Worker, [job], left, pool)
        for row in track(made, "shards", len(left)):
            if row["error"]:
                raise pickle.loads(row["error"])
    totals = Totals()
    for one in shards:
        _add(totals, Totals.of_json(json.loads(_note(job.part(one["shard"])).read_text("utf-8"))))
    totals.seconds = time.perf_counter() - begin
    _join(job, [job.part(one["shard"]) for one in shards])
    return totals


def _shards(job: Job) -> list[dict[str, int]]:
    """{shard, first, last} of the corpus, in order."""
    from silversmith.core.errors import DataError
    from silversmith.formats.parquet import count_rows

    if not job.input.exists():
        raise DataError("F001", "there is no such file or folder", path=job.input)
    count = count_rows(job.input)
    if not count:
        raise DataError("F014", "no document in it", path=job.input, remedy="it was read as parquet")
    whole = -(-count // BLOCK)
    size = BLOCK * max(min(LARGEST, whole // FEWEST), -(-whole // MOST))
    return [
        {"shard": n, "first": first, "last": min(count, first + size)}
        for n, first in enumerate(range(0, count, size))
    ]


def _prepare(job: Job) -> None:
    """The folder of parts, empty unless it is of this very job."""
    files = sorted(job.input.rglob("*.parquet")) if job.input.is_dir() else [job.input]
    seen = [[str(path), path.stat().st_size, path.stat().st_mtime_ns] for path in files]
    settings = json.dumps([job.settings, job.top, job.form, seen], sort_keys=True)
    path = job.parts / STATE
    if path.is_file() and path.read_text("utf-8") == settings:
        return
    shutil.rmtree(job.parts, ignore_errors=True)
    job.parts.mkdir(parents=True)
    path.write_text(settings, encoding="utf-8")


def _join(job: Job, parts: Sequence[Path]) -> None:
    """The parts in order as one file, or as a folder of Parquet."""
    if job.form == "parquet":
        for path in set(job.parts.iterdir()) - set(parts):
            path.unlink()
        if job.out.is_dir():
            shutil.rmtree(job.out)  # shards of an earlier run and nothing else: see Job.check
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
