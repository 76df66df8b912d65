"""Train the class-agnostic mention head of `mini` on cached states (see head_states.py).

    python training/train_mentions.py --states FOLDER --out FOLDER/heads.safetensors --taps 0 1 2 3 4

Only the open concept annotations touch these weights; their last 600 sentences validate. A span that
nobody marked is no certain negative, so negatives weigh less. After every epoch a checkpoint lies
beside the states; run it again and it goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from head_parts import Batch, Windows, batches, fit, pool, save_part
from silversmith.models.shapes import SHAPES


class MentionHead(nn.Module):
    """The torch twin of the mention head of silversmith.models.heads."""

    def __init__(self, inputs: int, hidden: int, inner: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.base = nn.Linear(inputs, hidden, bias=False)
        self.shape = nn.Embedding(SHAPES, hidden)
        self.roles = nn.Linear(hidden, 5 * inner, bias=False)
        self.size = nn.Embedding(width, inner)
        self.out = nn.Linear(inner, 1)
        self.drop = nn.Dropout(0.2)
        nn.init.normal_(self.shape.weight, std=0.1)
        nn.init.normal_(self.size.weight, std=0.1)
        nn.init.constant_(self.out.bias, -3.0)

    def forward(self, batch: Batch) -> list[Tensor]:
        """Log-odds of the spans of 1, 2, ... words from each word on; -inf if they leave the window."""
        words = self.drop(torch.relu(pool(self.base(batch.states), batch.members) + self.shape(batch.shapes)))
        window = torch.repeat_interleave(
            torch.arange(len(batch.bounds) - 1), torch.diff(torch.tensor(batch.bounds))
        )
        first, last, mean, left, right = self.roles(words).chunk(5, dim=1)
        edge = torch.zeros(1, left.shape[1])
        changes = (window[1:] != window[:-1])[:, None]
        before = torch.cat([edge, left[:-1].masked_fill(changes, 0)])
        after = torch.cat([right[1:].masked_fill(changes, 0), edge])
        begin, finish = first + before, last + after
        total = torch.cat([edge, torch.cumsum(mean, 0)])
        scores = []
        for size in range(1, self.width + 1):
            n = len(words) - size + 1
            if n <= 0:
                break
            hidden = begin[:n] + finish[size - 1 :] + (total[size:] - total[:-size]) / size
            score = self.out(torch.relu(hidden + self.size.weight[size - 1]))[:, 0]
            scores.append(score.masked_fill(window[:n] != window[size - 1 :], -torch.inf))
        return scores


def targets(batch: Batch, items: list[list[list[int]]], width: int) -> list[Tensor]:
    """1.0 where a marked span of 1, 2, ... words starts."""
    gold = [torch.zeros(max(0, batch.bounds[-1] - size + 1)) for size in range(1, width + 1)]
    for base, words, spans in zip(batch.bounds, items, batch.gold, strict=False):
        starts = {start: place for place, (start, _) in enumerate(words)}
        ends = {end: place for place, (_, end) in enumerate(words)}
        for start, end in spans:
            if start in starts and end in ends and ends[end] - starts[start] < width:
                gold[ends[end] - starts[start]][base + starts[start]] = 1.0
    return gold


def loss_of(head: MentionHead, batch: Batch, items: list[list[list[int]]], negative: float) -> Tensor:
    """Weighted binary cross-entropy, a marked span."""
    total, marked = torch.zeros(()), 0.0
    for score, gold in zip(head(batch), targets(batch, items, head.width), strict=False):
        inside = torch.isfinite(score)
        weight = torch.where(gold[inside] > 0, 1.0, negative)
        total = total + nn.functional.binary_cross_entropy_with_logits(
            score[inside], gold[inside], weight, reduction="sum"
        )
        marked += float(gold.sum())
    return total / max(marked, 1.0)


def losses(
    head: MentionHead, windows: Windows, numbers: np.ndarray, negative: float, rng: np.random.Generator
) -> Iterator[Tensor]:
    """One loss a batch of one epoch."""
    for batch in batches(windows, numbers, 16, rng):
        yield loss_of(head, batch, [windows.items[n]["words"] for n in batch.numbers], negative)


def curve(head: MentionHead, windows: Windows, numbers: np.ndarray) -> dict[str, float]:
    """Average precision, and the share of marked spans among the best 0.2, 0.4 and 0.8 spans a word."""
    scores, golds, words, missed = [], [], 0, 0
    for batch in batches(windows, numbers, 32, None):
        gold = targets(batch, [windows.items[n]["words"] for n in batch.numbers], head.width)
        scores += head(batch)
        golds += gold[: len(scores) - len(golds)]
        words += batch.bounds[-1]
        marked = sum(len({tuple(span) for span in spans}) for spans in batch.gold)
        missed += marked - int(sum(float(one.sum()) for one in gold))
    order = torch.argsort(torch.cat(scores), descending=True)
    right = torch.cat(golds)[order]
    hits = torch.cumsum(right, 0)
    total = float(hits[-1]) + missed
    precision = float((hits / torch.arange(1, len(hits) + 1) * right).sum() / total)
    at = {f"recall@{rate}": round(float(hits[int(rate * words)] / total), 4) for rate in (0.2, 0.4, 0.8)}
    return {"ap": round(precision, 4)} | at


def main() -> None:
    """Train, keep the epoch with the best average precision on the validation part, write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--taps", type=int, nargs="+", default=[2, 4])
    parser.add_argument("--hidden", type=int, default=96)
    parser.add_argument("--inner", type=int, default=64)
    parser.add_argument("--width", type=int, default=12)
    parser.add_argument("--negative", type=float, default=0.5)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--limit", type=int, default=10**9, help="windows of train (for trials)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    taps, seed = arguments.taps, arguments.seed
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    windows = Windows(arguments.states, "mentions", taps)
    parts = np.array([item["part"] == "train" for item in windows.items])
    numbers, held = (
        np.flatnonzero(parts)[: arguments.limit],
        np.flatnonzero(np.array([item["part"] == "validation" for item in windows.items])),
    )
    head = MentionHead(len(taps) * 768, arguments.hidden, arguments.inner, arguments.width)
    shape = [arguments.hidden, arguments.inner, arguments.negative, arguments.epochs, len(numbers), seed]
    name = "-".join(map(str, ["mentions", *taps, "h", *shape]))
    best = fit(
        head,
        lambda epoch: losses(
            head, windows, numbers, arguments.negative, np.random.default_rng([seed, epoch])
        ),
        lambda: curve(head, windows, held),
        arguments.states / f"{name}.pt",
        steps=arguments.epochs * -(-len(numbers) // 16),
        epochs=arguments.epochs,
        rate=arguments.rate,
        seed=seed,
    )
    print(f"{name}: {best}")
    weights = {
        "mention.base": head.base.weight.T,
        "mention.shape": head.shape.weight,
        "mention.roles": head.roles.weight.T,
        "mention.size": head.size.weight,
        "mention.out": head.out.weight[0],
        "mention.bias": head.out.bias,
    }
    facts = {
        "mention": best | {"seed": seed, "windows": len(numbers)},
        "width": arguments.width,
        "taps": taps,
    }
    save_part(arguments.out, weights, facts)


if __name__ == "__main__":
    main()
