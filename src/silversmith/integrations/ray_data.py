"""Many machines (extra `ray`): Ray Data runs a worker class over rows, on a pool of actors.

The worker is a plain class: `__init__` loads what it needs, `__call__` takes a batch (column -> array) and
returns one. No queue, scheduler or cluster code of our own; an actor that dies is started again and its rows
are done once more, so a worker must end in something that may be done twice (a file, renamed into place).
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from silversmith.core.errors import ConfigError
from silversmith.formats.extras import need

__all__ = ["Pool", "map_rows"]

REACHED = 5.0
"""Seconds in which a cluster answers."""


@dataclass(frozen=True, slots=True)
class Pool:
    """address: of a running cluster ("auto": the one on this machine); None: one of our own, on this machine.
    workers: actors, 0: as many as the processors allow. cpus: processors of each."""

    address: str | None = None
    workers: int = 0
    cpus: int = 1


def map_rows(
    worker: type, arguments: Sequence[Any], rows: Sequence[dict[str, Any]], pool: Pool
) -> Iterator[dict[str, Any]]:
    """What the workers return of each row, as it becomes ready, in any order.

    arguments: of the worker's `__init__`. Rows come to it one at a time; it had better return its errors:
    Ray tries one that raises again, and then passes on no more than text. Raises ConfigError: F021 without
    ray, W001 a cluster that is not there, W002 fewer processors than the workers ask for.
    """
    data = need("ray.data", "ray")
    with _cluster(pool) as ray:
        count = _workers(ray.cluster_resources(), pool)
        given = data.from_items(list(rows), override_num_blocks=len(rows))
        mapped = given.map_batches(
            worker,
            fn_constructor_args=tuple(arguments),
            batch_size=1,
            compute=data.ActorPoolStrategy(size=min(count, len(rows))),
            num_cpus=pool.cpus,
        )
        yield from mapped.iter_rows()


def _workers(have: dict[str, float], pool: Pool) -> int:
    """How many actors. Raises ConfigError W002."""
    most = int(have.get("CPU", 0.0) // pool.cpus)
    if most < 1 or pool.workers > most:
        raise ConfigError(
            "W002",
            f"{max(1, pool.workers)} workers of {pool.cpus} processors don't fit: the cluster has "
            f"{have.get('CPU', 0):g}",
            remedy=f"--workers {most}" if most else "ask for less a worker",
        )
    return pool.workers or most


@contextmanager
def _cluster(pool: Pool) -> Iterator[Any]:
    """Ray, connected, quiet and without its reports of usage; a cluster of our own ends with the block."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else it warns of a coming change
    ray = need("ray", "ray")
    if ray.is_initialized():
        yield ray
        return
    own = {} if pool.address else {"include_dashboard": False}
    try:
        _reach(pool.address or "")
        with warnings.catch_warnings(), _silent():
            warnings.simplefilter("ignore")
            ray.init(address=pool.address or "local", log_to_driver=False, logging_level="ERROR", **own)
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigError(
            "W001",
            f"no Ray cluster at {pool.address!r}: {str(error).splitlines()[0][:200]}",
            remedy="start one (ray start --head), or leave --cluster out",
        ) from None
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    try:
        yield ray
    finally:
        ray.shutdown()


def _reach(address: str) -> None:
    """Raises OSError within seconds if nobody listens at HOST:PORT: Ray would try for many minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), REACHED).close()


@contextmanager
def _silent() -> Iterator[None]:
    """Without what Ray's core writes to stderr while it starts; its errors come as exceptions."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
