"""Held-out perplexity of a masked language model by kind of text: one masked piece a row."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from masked_text import Rows, Text
from silversmith.models.masked import Row
from silversmith.models.masked_net import MaskedNet, NetReader

__all__ = ["Probes", "show"]

BATCH = 100
"""Rows at a time: 100 x 28,000 logits are 11 MB."""


class Probes:
    """Held-out positions, the same at every evaluation: `each` a kind, or as many as there are rows."""

    def __init__(self, text: Text, rows: Rows, each: int, seed: int) -> None:
        rng = np.random.default_rng([seed, 3])
        s = text.specials
        self.kinds, self.shares = text.kinds, np.zeros(len(text.kinds))
        self.rows: list[list[Row]] = []
        self.gold: list[list[int]] = []
        for kind in range(len(text.kinds)):
            found = np.flatnonzero(rows.kinds == kind)
            self.shares[kind] = rows.lengths[found].sum()
            chosen = rng.permutation(found)[:each]
            rows_here, gold_here = [], []
            for start, end in rows.bounds[chosen].tolist():
                ids = np.concatenate([[s["start"]], text.pieces[start:end], [s["end"]]]).astype(np.int64)
                place = int(rng.integers(1, len(ids) - 1))
                gold_here.append(int(ids[place]))
                ids[place] = s["mask"]
                rows_here.append(Row(ids, (place,)))
            self.rows.append(rows_here)
            self.gold.append(gold_here)
        self.shares /= self.shares.sum()

    def score(self, net: MaskedNet, limit: int | None = None) -> dict[str, dict[str, Any]]:
        """Kind -> perplexity, its standard error, share right, positions; all: weighed by words."""
        found: dict[str, dict[str, Any]] = {}
        losses, hits = np.zeros(len(self.kinds)), np.zeros(len(self.kinds))
        for number, kind in enumerate(self.kinds):
            if not self.rows[number]:
                continue
            lost, right = self._losses(net, self.rows[number][:limit], self.gold[number][:limit])
            losses[number], hits[number] = lost.mean(), right.mean()
            found[kind] = _facts(lost.mean(), right.mean()) | {
                "error": round(math.exp(lost.mean()) * lost.std() / math.sqrt(len(lost)), 2),
                "positions": len(lost),
            }
        found["all"] = _facts(float(losses @ self.shares), float(hits @ self.shares))
        return found

    def _losses(self, net: MaskedNet, rows: list[Row], gold: list[int]) -> tuple[np.ndarray, np.ndarray]:
        order = sorted(range(len(rows)), key=lambda number: len(rows[number].ids))
        lost, right = np.zeros(len(rows)), np.zeros(len(rows))
        reader = NetReader(net)
        with torch.inference_mode():
            for start in range(0, len(order), BATCH):
                batch = order[start : start + BATCH]
                logits = reader([rows[number] for number in batch])
                answers = torch.tensor([gold[number] for number in batch])
                lost[batch] = torch.nn.functional.cross_entropy(logits, answers, reduction="none").numpy()
                right[batch] = (logits.argmax(1) == answers).float().numpy()
        return lost, right


def _facts(loss: float, right: float) -> dict[str, Any]:
    return {"perplexity": round(math.exp(min(loss, 50)), 2), "right": round(right, 4)}


def show(found: dict[str, dict[str, Any]]) -> str:
    """A table, one kind a line."""
    lines = ["held-out perplexity at one masked piece (share right):"]
    for kind, one in found.items():
        error = f" +- {one['error']:.1f}, {one['positions']} positions" if "error" in one else ""
        lines.append(f"  {kind:24} {one['perplexity']:8.2f} ({one['right']:.3f}){error}")
    return "\n".join(lines)
