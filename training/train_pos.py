"""Train the part-of-speech head of `mini` on cached states (see head_states.py); choose on dev, report test.

    python training/train_pos.py --states FOLDER --out FOLDER/heads.safetensors --taps 0 1 2 3 4

Only the English part-of-speech corpus touches these weights. After every epoch a checkpoint lies beside
the states; run it again and it goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from head_parts import Batch, Windows, batches, fit, pool, save_part
from silversmith.models.heads import UPOS
from silversmith.models.shapes import SHAPES


class PosHead(nn.Module):
    """The torch twin of the part-of-speech head of silversmith.models.heads."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.base = nn.Linear(inputs, hidden, bias=False)
        self.shape = nn.Embedding(SHAPES, hidden)
        self.out = nn.Linear(3 * hidden, len(UPOS))
        self.drop = nn.Dropout(0.2)
        nn.init.normal_(self.shape.weight, std=0.1)

    def forward(self, states: Tensor, members: Tensor, shapes: Tensor, bounds: list[int]) -> Tensor:
        """Log-odds [words, 17]."""
        words = torch.relu(pool(self.base(states), members) + self.shape(shapes))
        words = self.drop(words)
        before, after = torch.zeros_like(words), torch.zeros_like(words)
        before[1:], after[:-1] = words[:-1], words[1:]
        before[bounds[:-1]] = 0
        after[[bound - 1 for bound in bounds[1:]]] = 0
        return self.out(torch.cat([before, words, after], 1))  # type: ignore[no-any-return]


def accuracy(head: PosHead, windows: Windows) -> float:
    """Share of right tags."""
    right = total = 0
    for batch in batches(windows, np.arange(len(windows)), 64, None):
        found = head(batch.states, batch.members, batch.shapes, batch.bounds).argmax(1)
        gold = tags_of(batch)
        right, total = right + int((found == gold).sum()), total + len(gold)
    return round(right / total, 4)


def tags_of(batch: Batch) -> Tensor:
    """The gold tags, int64 [words]."""
    return torch.tensor([UPOS.index(tag) for tags in batch.gold for tag in tags])


def losses(
    head: PosHead, windows: Windows, numbers: np.ndarray, rng: np.random.Generator
) -> Iterator[Tensor]:
    """One loss a batch of one epoch."""
    for batch in batches(windows, numbers, 16, rng):
        scores = head(batch.states, batch.members, batch.shapes, batch.bounds)
        yield nn.functional.cross_entropy(scores, tags_of(batch), label_smoothing=0.05)


def main() -> None:
    """Train, keep the best epoch on dev, write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--taps", type=int, nargs="+", default=[2, 4])
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--limit", type=int, default=10**9, help="windows of train (for trials)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    taps, seed = arguments.taps, arguments.seed
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    train, dev = (Windows(arguments.states, f"pos-{part}", taps) for part in ("train", "dev"))
    head = PosHead(len(taps) * 768, arguments.hidden)
    numbers = np.arange(min(len(train), arguments.limit))
    name = "-".join(map(str, ["pos", *taps, "h", arguments.hidden, arguments.epochs, len(numbers), seed]))
    best = fit(
        head,
        lambda epoch: losses(head, train, numbers, np.random.default_rng([seed, epoch])),
        lambda: {"dev": accuracy(head, dev)},
        arguments.states / f"{name}.pt",
        steps=arguments.epochs * -(-len(numbers) // 16),
        epochs=arguments.epochs,
        rate=arguments.rate,
        seed=seed,
    )
    if list(arguments.states.glob("pos-test-?????.npy")):
        with torch.inference_mode():
            best["test"] = accuracy(head.eval(), Windows(arguments.states, "pos-test", taps))
    print(f"{name}: {best}")
    weights = {
        "pos.base": head.base.weight.T,
        "pos.shape": head.shape.weight,
        "pos.out": head.out.weight.T,
        "pos.bias": head.out.bias,
    }
    save_part(arguments.out, weights, {"taps": taps, "pos": best | {"seed": seed, "windows": len(numbers)}})


if __name__ == "__main__":
    main()
