"""Curve: how a training went, in windows of steps; it also sees when nothing is gained any more."""

from __future__ import annotations

import json
from statistics import fmean

from silversmith.models.sae_training.settings import Progress

__all__ = ["Curve"]

WINDOW = 100
"""Steps that one point averages."""
GAIN = 0.001
"""Explained variance that a window has to gain on the best before it."""


class Curve:
    """points: {"step", "explained", "l0", "dead"} a window; the open window is kept beside them."""

    def __init__(self, text: str = '{"points": [], "open": []}') -> None:
        kept = json.loads(text)
        self.points: list[dict[str, float]] = kept["points"]
        self._open: list[list[float]] = kept["open"]

    def to_json(self) -> str:
        """One line, from which an equal curve can be made."""
        return json.dumps({"points": self.points, "open": self._open})

    def add(self, progress: Progress) -> bool:
        """Add a step; whether it ended a window."""
        self._open.append([progress.explained, progress.l0, progress.dead])
        if len(self._open) == WINDOW:
            self.close(progress.step)
        return not self._open

    def close(self, step: int) -> None:
        """End the open window."""
        if self._open:
            means = [fmean(column) for column in zip(*self._open, strict=True)]
            names = ("explained", "l0", "dead")
            self.points.append({"step": step} | {n: round(m, 6) for n, m in zip(names, means, strict=True)})
        self._open = []

    def flat_for(self) -> int:
        """Windows since the last one that gained GAIN on the best before it."""
        best, since = float("-inf"), 0
        for point in self.points:
            since = 0 if point["explained"] >= best + GAIN else since + 1
            best = max(best, point["explained"])
        return since
