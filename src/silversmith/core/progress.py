"""Progress on stderr: a bar with rate and time left on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

__all__ = ["track"]

T = TypeVar("T")


def track(
    items: Iterable[T],
    title: str,
    total: int | None = None,
    *,
    every: float = 10.0,
    note: Callable[[], str] | None = None,
) -> Iterator[T]:
    """Yield the items; show count, rate and time left on stderr (unless SILVERSMITH_QUIET is set).

    note: what else the line says, e.g. how much is kept.
    """
    if os.environ.get("SILVERSMITH_QUIET"):
        yield from items
        return
    live = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    begin = shown = time.monotonic()
    for count, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - shown >= (0.2 if live else every):
            shown = now
            line = _line(title, count, total, now - begin) + (f", {note()}" if note else "")
            sys.stderr.write(f"\r\x1b[K{line}" if live else line + "\n")
            sys.stderr.flush()
    if live:
        sys.stderr.write("\r\x1b[K")


def _line(title: str, count: int, total: int | None, seconds: float) -> str:
    """'label: 120 of 500, 41.2/s, 9 s left'."""
    rate = count / max(seconds, 1e-9)
    line = f"{title}: {count}" + (f" of {total}" if total else "") + f", {rate:.1f}/s"
    return line + (f", {max(0, total - count) / rate:.0f} s left" if total and rate else "")
