"""Write the trunk's residual states for the open text to disk, as the training data of the autoencoders.

    python training/states.py --trunk FOLDER --text FOLDER --blocks 4 --tokens 3000000 --out FOLDER

One float16 array [65536, width] a shard and block (`b4-00012.npy`). Special tokens are never written.
Run it again and it goes on after the last whole shard.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from corpus import open_text
from silversmith.models.trunk import load_trunk

SHARD, WINDOW, BATCH = 65536, 254, 8


def windows(tokenizer: Tokenizer, text: Path, sources: str) -> Iterator[list[int]]:
    """Windows of at most WINDOW pieces between <s> and </s>."""
    for document in open_text(text, sources=sources):
        ids = tokenizer.encode(document["text"], add_special_tokens=False).ids
        for start in range(0, len(ids), WINDOW):
            if len(piece := ids[start : start + WINDOW]) >= 16:
                yield [0, *piece, 2]


def batches(stream: Iterator[list[int]]) -> Iterator[list[list[int]]]:
    """Groups of BATCH windows of similar length, formed inside runs of 1,024 windows."""
    run: list[list[int]] = []
    for window in stream:
        run.append(window)
        if len(run) == 1024:
            run.sort(key=len)
            yield from (run[i : i + BATCH] for i in range(0, 1024, BATCH))
            run = []


def main() -> None:
    """Stream windows through the trunk, a shard at a time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trunk", type=Path, required=True)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--sources", default="", help="only files whose names start with one of these")
    parser.add_argument("--blocks", type=int, nargs="+", default=[4])
    parser.add_argument("--tokens", type=int, default=3_000_000)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    trunk = load_trunk(arguments.trunk / "trunk.safetensors")
    tokenizer = Tokenizer.from_file(str(arguments.trunk / "tokenizer.json"))
    arguments.out.mkdir(parents=True, exist_ok=True)
    shards = arguments.tokens // SHARD
    done = sum((arguments.out / f"b{arguments.blocks[0]}-{i:05}.npy").exists() for i in range(shards))
    buffers = {b: np.empty((SHARD, trunk.config.width), np.float16) for b in arguments.blocks}
    filled, shard, seen, start = 0, 0, 0, time.time()
    for batch in batches(windows(tokenizer, arguments.text, arguments.sources)):
        if shard >= shards:
            break
        ids = torch.tensor([piece for window in batch for piece in window])
        inner = (ids != 0) & (ids != 2)
        count = int(inner.sum())
        if shard + (filled + count > SHARD) >= done:
            with torch.inference_mode():
                states = trunk.packed(ids, [len(window) for window in batch], arguments.blocks)
            rows = {b: s[inner].half().numpy() for b, s in zip(arguments.blocks, states, strict=True)}
            seen += count
        taken = 0
        while taken < count and shard < shards:
            step = min(count - taken, SHARD - filled)
            if shard >= done:
                for b in arguments.blocks:
                    buffers[b][filled : filled + step] = rows[b][taken : taken + step]
            taken, filled = taken + step, filled + step
            if filled == SHARD:
                if shard >= done:
                    for b in reversed(arguments.blocks):
                        path = arguments.out / f"b{b}-{shard:05}.npy"
                        np.save(path.with_suffix(".part.npy"), buffers[b])
                        path.with_suffix(".part.npy").rename(path)
                    print(
                        f"shard {shard + 1}/{shards}, {seen / (time.time() - start):.0f} tokens/s", flush=True
                    )
                filled, shard = 0, shard + 1


if __name__ == "__main__":
    main()
