"""Shards: a Parquet corpus in stretches, worked off by a pool, in any order, with what is done kept.

A worker reads its shard from the file and leaves a part in a folder; what lies there is done, so a killed run
goes on, and a part that two workers made is one file.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from silversmith.core.errors import ConfigError, DataError, SilversmithError
from silversmith.core.source import BLOCK

if TYPE_CHECKING:
    from silversmith.integrations.ray_data import Pool

__all__ = [
    "Cluster",
    "Cpus",
    "Engine",
    "Work",
    "Worker",
    "Workers",
    "check_input",
    "count",
    "cut",
    "leave",
    "pool_of",
    "prepare",
    "work_off",
]

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
Row = dict[str, Any]
"""A shard: its number, `first` and `last`, rows of the corpus, and what else its worker needs."""


def pool_of(
    engine: str, workers: int, cpus: int, cluster: str | None, input: Path | None = None
) -> Pool | None:
    """The pool that the options ask for; None: the local engine. Raises ConfigError W003."""
    from silversmith.integrations.ray_data import Pool

    if engine == "ray":
        if input is not None:
            check_input(input)
        return Pool(cluster, workers, cpus)
    if engine != "local":
        raise ConfigError("W003", f"--engine {engine}: there is no such engine", remedy="local or ray")
    if workers or cpus > 1 or cluster:
        raise ConfigError("W003", "--workers, --cpus and --cluster ask for --engine ray")
    return None


@dataclass(frozen=True, kw_only=True)
class Work:
    """What is done to a corpus.

    opener: a function of this package; arguments: its keywords. input: a Parquet file or folder. out: what is
    made. settings: whatever decides the result (JSON values). home: where relative paths begin.
    """

    opener: Any
    arguments: dict[str, Any]
    input: Path
    out: Path
    settings: dict[str, Any]
    home: Path = field(default_factory=Path.cwd)

    @property
    def parts(self) -> Path:
        """The folder of finished parts."""
        return self.out.with_name(self.out.name + ".parts")


class Worker:
    """Works shards off: what the pool runs, and what a test may run without one."""

    def __init__(self, job: Any) -> None:
        self.job, self.error = job, b""
        self.opened: Any = None
        try:
            if job.home.is_dir():  # a cluster's workers began elsewhere
                os.chdir(job.home)
            self.opened = job.opener(**job.arguments)
        except SilversmithError as error:
            self.error = pickle.dumps(error)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        """batch: columns of shards, `shard` their number. Returns shard and error (pickled; or empty)."""
        shards = [int(one) for one in batch["shard"]]
        errors = []
        for n in range(len(shards)):
            try:
                if not self.error:
                    self.work({key: column[n] for key, column in batch.items()})
                errors.append(self.error)
            except SilversmithError as error:
                errors.append(pickle.dumps(error))
        return {"shard": shards, "error": errors}

    def work(self, row: Row) -> None:
        """Make what a shard is to leave in `job.parts`."""
        raise NotImplementedError


def work_off(worker: type[Worker], job: Work, rows: Sequence[Row], pool: Pool) -> Iterator[int]:
    """The numbers of shards as they are done, in any order. Raises what a worker raised; F021, W001, W002."""
    from silversmith.integrations.ray_data import map_rows

    for row in map_rows(worker, [job], rows, pool):
        if row["error"]:
            raise pickle.loads(row["error"])
        yield int(row["shard"])


def leave(path: Path, text: str | bytes) -> None:
    """Write a part's file in one step."""
    aside = path.with_name(f"{os.getpid()}-{path.name}")
    aside.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    aside.replace(path)


def check_input(path: Path) -> None:
    """Raises ConfigError W003: an input that the engine can't read by shards."""
    from silversmith.formats.detect import detect
    from silversmith.formats.registry import forms

    if str(path) == "-" or not path.exists():
        return  # the reader says it
    if detect(path, forms().values()) != "parquet":
        raise ConfigError(
            "W003",
            "the engine ray reads Parquet",
            path=path,
            remedy=f"silversmith convert {path} corpus.parquet",
        )


def count(path: Path) -> int:
    """Documents of a corpus. Raises DataError F001 no such file, F014 an empty one."""
    from silversmith.formats.parquet import count_rows

    if not path.exists():
        raise DataError("F001", "there is no such file or folder", path=path)
    found = count_rows(path)
    if not found:
        raise DataError("F014", "no document in it", path=path, remedy="it was read as parquet")
    return found


def cut(rows: int) -> list[Row]:
    """{shard, first, last} of so many rows, in order; whole blocks."""
    whole = -(-rows // BLOCK)
    size = BLOCK * max(min(LARGEST, whole // FEWEST), -(-whole // MOST))
    return [
        {"shard": n, "first": first, "last": min(rows, first + size)}
        for n, first in enumerate(range(0, rows, size))
    ]


def prepare(job: Work, *more: Any) -> None:
    """The folder of parts, empty unless it is of this very job. more: JSON values that decide its files."""
    files = sorted(job.input.rglob("*.parquet")) if job.input.is_dir() else [job.input]
    seen = [[str(path), path.stat().st_size, path.stat().st_mtime_ns] for path in files]
    settings = json.dumps([job.settings, *more, seen], sort_keys=True)
    path = job.parts / STATE
    if path.is_file() and path.read_text("utf-8") == settings:
        return
    shutil.rmtree(job.parts, ignore_errors=True)
    job.parts.mkdir(parents=True)
    path.write_text(settings, encoding="utf-8")
