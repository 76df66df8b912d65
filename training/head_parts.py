"""What the two heads' training scripts share: cached states as batches, the file of weights."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from torch import Tensor, nn

from silversmith.models.shapes import shape_codes

__all__ = ["Batch", "Windows", "batches", "fit", "pool", "save_part"]

MOST_PIECES = 8  # of one word; more are left out in training


@dataclass
class Windows:
    """The cached windows of one corpus: states [pieces, taps * width] read shard by shard from disk."""

    folder: Path
    name: str
    taps: list[int]

    def __post_init__(self) -> None:
        with (self.folder / f"{self.name}.jsonl").open(encoding="utf-8") as file:
            self.items: list[dict[str, Any]] = [json.loads(line) for line in file]
        paths = sorted(self.folder.glob(f"{self.name}-?????.npy"))
        self.states = [np.load(path, mmap_mode="r") for path in paths]
        offsets = [np.load(path.with_suffix(".offsets.npy")) for path in paths]
        self.places: list[tuple[int, int, int]] = []  # window -> shard, first and last piece
        self.offsets: list[np.ndarray] = []
        for shard, table in enumerate(offsets):
            cuts = np.flatnonzero(np.diff(table[:, 0])) + 1
            bounds = [0, *cuts.tolist(), len(table)]
            for first, last in pairwise(bounds):
                self.places.append((shard, first, last))
                self.offsets.append(table[first:last, 1:])

    def __len__(self) -> int:
        return len(self.places)

    def window_states(self, number: int) -> np.ndarray:
        """float16 [pieces, taps * width]."""
        shard, first, last = self.places[number]
        return np.ascontiguousarray(self.states[shard][first:last][:, self.taps]).reshape(last - first, -1)


@dataclass
class Batch:
    """Windows joined.

    states: [pieces, d]. members: [words, MOST_PIECES], each word's pieces or -1. shapes: [words].
    bounds: windows + 1 word numbers. gold: what each window carries. numbers: which windows.
    """

    states: Tensor
    members: Tensor
    shapes: Tensor
    bounds: list[int]
    gold: list[Any]
    numbers: list[int]


def batches(
    windows: Windows, numbers: np.ndarray, size: int, rng: np.random.Generator | None
) -> Iterator[Batch]:
    """Batches of `size` windows; with `rng` in random order and with changed letter case."""
    order = numbers.copy()
    if rng is not None:
        rng.shuffle(order)
    for begin in range(0, len(order), size):
        states, members, shapes, bounds, gold, seen = [], [], [], [0], [], 0
        chosen = sorted(order[begin : begin + size].tolist())
        for number in chosen:
            item, offsets = windows.items[number], windows.offsets[number]
            words = np.array(item["words"]).reshape(-1, 2)
            first = np.minimum(np.searchsorted(offsets[:, 1], words[:, 0], side="right"), len(offsets) - 1)
            last = np.maximum(np.searchsorted(offsets[:, 0], words[:, 1], side="left"), first + 1)
            table = first[:, None] + np.arange(MOST_PIECES)
            members.append(np.where(table < last[:, None], table + seen, -1))
            states.append(windows.window_states(number))
            seen += len(offsets)
            text = item["text"]
            if rng is not None and (draw := rng.random()) < 0.12:
                changed = text.lower() if draw < 0.08 else text.upper()
                text = changed if len(changed) == len(text) else text
            shapes.append(shape_codes(text, item["words"]))
            bounds.append(bounds[-1] + len(words))
            gold.append(item["gold"])
        yield Batch(
            torch.from_numpy(np.concatenate(states)).float(),
            torch.from_numpy(np.concatenate(members)),
            torch.from_numpy(np.concatenate(shapes)),
            bounds,
            gold,
            chosen,
        )


def pool(rows: Tensor, members: Tensor) -> Tensor:
    """Mean over the pieces of each word: [words, h]."""
    there = members >= 0
    padded = torch.cat([rows, torch.zeros(1, rows.shape[1])])
    index = torch.where(there, members, len(rows))
    width = int(there.sum(1).max())
    total = padded[index[:, :width]].sum(1)
    return total / there.sum(1, keepdim=True)


def fit(
    head: nn.Module,
    steps_of: Callable[[int], Iterator[Tensor]],
    score_of: Callable[[], dict[str, float]],
    kept: Path,
    *,
    steps: int,
    epochs: int,
    rate: float,
    seed: int,
) -> dict[str, float]:
    """Train with AdamW and one cycle of the rate; leave the best epoch's weights in `head`; its scores.

    steps_of: epoch -> losses, one an optimiser step. score_of: scores; the first one decides.
    kept: the checkpoint, written after every epoch and read again by the next run.
    """
    optimiser = torch.optim.AdamW(head.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.1)
    best: dict[str, float] = {}
    best_state, begin = head.state_dict(), 0
    if kept.exists():
        saved = torch.load(kept, weights_only=True)
        head.load_state_dict(saved["head"])
        optimiser.load_state_dict(saved["optimiser"])
        schedule.load_state_dict(saved["schedule"])
        best, best_state, begin = saved["best"], saved["best_state"], saved["epoch"]
    for epoch in range(begin, epochs):
        start, total, count = time.time(), 0.0, 0
        torch.manual_seed(seed * 1000 + epoch)
        head.train()
        for loss in steps_of(epoch):
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total, count = total + loss.item(), count + 1
        head.eval()
        with torch.inference_mode():
            scores = score_of()
        key = next(iter(scores))
        if scores[key] > best.get(key, 0.0):
            best, best_state = scores, {name: value.clone() for name, value in head.state_dict().items()}
        print(
            f"epoch {epoch + 1}: loss {total / count:.4f}, {scores}, {time.time() - start:.0f} s", flush=True
        )
        state = {"head": head.state_dict(), "optimiser": optimiser.state_dict(), "best": best}
        state |= {"schedule": schedule.state_dict(), "best_state": best_state, "epoch": epoch + 1}
        torch.save(state, kept)
    head.load_state_dict(best_state)
    return best


def save_part(path: Path, weights: dict[str, Tensor], config: dict[str, Any]) -> None:
    """Add one head's tensors (16 bits) and configuration to the file of both heads."""
    everything, merged = {}, {}
    if path.exists():
        everything = load_file(path)
        with safe_open(path, framework="numpy") as file:
            merged = json.loads(file.metadata()["config"])
    for name, value in weights.items():
        everything[name] = np.ascontiguousarray(value.detach().numpy(), np.float16)
    merged |= config
    aside = path.with_suffix(".part")
    save_file(everything, aside, {"config": json.dumps(merged, sort_keys=True)})
    aside.rename(path)
