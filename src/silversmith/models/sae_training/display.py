"""Display: one line about a running training, on stderr."""

from __future__ import annotations

import os
import sys
import time

from silversmith.models.sae_training.settings import Progress, Settings

__all__ = ["Display"]


class Display:
    """Shows pieces done, explained variance, L0, dead share, rate and time left; a line now and then off a
    terminal, nothing with SILVERSMITH_QUIET. The time left counts filling and steps apart."""

    def __init__(self, settings: Settings, first: int) -> None:
        self.settings, self.first = settings, first
        self.quiet = bool(os.environ.get("SILVERSMITH_QUIET"))
        self.live = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        self.begin = time.monotonic()
        self._shown = 0.0

    def filling(self, filled: int, wanted: int) -> None:
        """Called while the buffer fills."""
        self._say(f"train-sae: reading {filled:,} of {wanted:,} pieces into the buffer")

    def step(self, progress: Progress, end: int, seconds: float, filled: int) -> None:
        """Called after each step. end: the last one; seconds: spent on filling; filled: pieces so far."""
        batch, done = self.settings.batch, progress.step - self.first
        elapsed = time.monotonic() - self.begin
        each_step = max(0.0, elapsed - seconds) / done
        each_piece = seconds / max(1, filled)
        left = (end - self.first) * batch / self.settings.passes - filled
        left_seconds = (end - progress.step) * each_step + max(0.0, left) * each_piece
        shown = progress.step * batch // self.settings.passes
        per_piece = each_piece + each_step * self.settings.passes / batch
        whole = end * batch // self.settings.passes
        self._say(
            f"train-sae: {shown:,} of {whole:,} pieces, {1 / per_piece:,.0f}/s, "
            f"explained {progress.explained:.3f}, L0 {progress.l0:.1f}, dead {100 * progress.dead:.1f} %, "
            f"{_time(left_seconds)} left"
        )

    def close(self) -> None:
        """Clear the line."""
        if self.live and not self.quiet:
            sys.stderr.write("\r\x1b[K")

    def _say(self, line: str) -> None:
        now = time.monotonic()
        if self.quiet or now - self._shown < (0.2 if self.live else 20.0):
            return
        self._shown = now
        sys.stderr.write(f"\r\x1b[K{line}" if self.live else line + "\n")
        sys.stderr.flush()


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
