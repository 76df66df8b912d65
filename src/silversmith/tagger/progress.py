"""Meter: a training run's loss, speed and time left on stderr, on a terminal live, elsewhere now and then."""

from __future__ import annotations

import os
import sys
import time

__all__ = ["Meter"]


class Meter:
    """begin: the step at which this process starts. every: seconds between lines off a terminal."""

    def __init__(self, total: int, begin: int = 0, every: float = 30.0) -> None:
        self.total, self.begin, self.every = total, begin, every
        self.started = self.shown = time.monotonic()
        self.pieces, self.loss = 0, float("nan")
        self.live = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        self.quiet = bool(os.environ.get("SILVERSMITH_QUIET"))

    def step(self, number: int, loss: float, pieces: int) -> None:
        """After a step."""
        self.pieces += pieces
        self.loss = loss if self.loss != self.loss else 0.95 * self.loss + 0.05 * loss
        now = time.monotonic()
        if now - self.shown >= (0.2 if self.live else self.every):
            self.shown = now
            self._show(self._line(number, now - self.started))

    def note(self, line: str) -> None:
        """A line that stays."""
        self._show(line, stays=True)

    @property
    def rate(self) -> float:
        """Pieces a second so far."""
        return self.pieces / max(time.monotonic() - self.started, 1e-9)

    def _line(self, number: int, seconds: float) -> str:
        left = (self.total - number) * seconds / max(number - self.begin, 1)
        return (
            f"train: step {number} of {self.total}, loss {self.loss:.4f}, {self.rate:,.0f} pieces/s, "
            f"{left:.0f} s left"
        )

    def _show(self, line: str, *, stays: bool = False) -> None:
        if self.quiet:
            return
        sys.stderr.write(f"\r\x1b[K{line}" + ("\n" if stays else "") if self.live else line + "\n")
        sys.stderr.flush()
