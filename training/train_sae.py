"""Train a sparse autoencoder on the states that training/states.py wrote.

    python training/train_sae.py --states FOLDER --block 4 --width 8192 --k 48 --tokens 3000000 --out FOLDER

Goes on from its checkpoint (to the same bits) when it is run again. Writes sae.safetensors (encoder only,
16 bits) and report.json (explained variance, L0, dead latents on held-out states).
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from silversmith.models.sae_training import Settings, TopKTrainer

GROUP = 4  # shards in memory at a time
warnings.filterwarnings("ignore", message="Sparse CSR tensor support")


def stream(shards: list[Path], batch: int, seed: int, skip: int) -> Iterator[torch.Tensor]:
    """Batches for ever: shards in random order, rows shuffled inside groups of GROUP shards."""
    epoch = 0
    while True:
        order = np.random.default_rng((seed, epoch)).permutation(len(shards))
        for first in range(0, len(order), GROUP):
            group = order[first : first + GROUP]
            whole = [np.load(shards[i], mmap_mode="r") for i in group]
            count = sum(map(len, whole)) // batch
            if skip >= count:
                skip -= count
                continue
            states = torch.from_numpy(np.concatenate(whole))
            rows = torch.from_numpy(np.random.default_rng((seed, epoch, first)).permutation(len(states)))
            for number in range(skip, count):
                yield states[rows[number * batch : (number + 1) * batch]].float()
            skip = 0
        epoch += 1


def evaluate(trainer: TopKTrainer, shard: Path) -> dict[str, float]:
    """Explained variance in the states' own space, L0 and dead share on held-out states."""
    parts = trainer.dictionary
    x = torch.from_numpy(np.load(shard)[:32768]).float()
    fired = torch.zeros(trainer.settings.d_sae, dtype=torch.bool)
    wrong, l0 = 0.0, 0.0
    for rows in x.split(2048):
        values, columns = trainer._active((rows - parts.mean) / parts.scale)
        back = (values[:, :, None] * parts.decoder[columns]).sum(1) * parts.scale + parts.mean
        wrong += float((back - rows).pow(2).sum())
        l0 += float((values > 0).sum())
        fired[columns[values > 0].unique()] = True
    total = float((x - x.mean(0)).pow(2).sum())
    return {
        "explained_variance": 1 - wrong / total,
        "l0": l0 / len(x),
        "dead": 1 - float(fired.float().mean()),
    }


def main() -> None:
    """Train, report, export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=Path, required=True)
    parser.add_argument("--block", type=int, default=4)
    parser.add_argument("--width", type=int, default=8192)
    parser.add_argument("--k", type=int, default=48)
    parser.add_argument(
        "--tokens", type=int, default=3_000_000, help="training tokens, repeated ones counted"
    )
    parser.add_argument("--shards", type=int, help="use only the first N shards")
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--norm", choices=["scalar", "diagonal"], default="scalar")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", default="mini-sae")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    torch.set_grad_enabled(False)
    shards = sorted(a.states.glob(f"b{a.block}-?????.npy"))[: a.shards]
    held_out, shards = shards[0], shards[1:]
    sample = torch.from_numpy(np.load(held_out)[:32768]).float()
    mean, deviation = sample.mean(0), sample.std(0)
    scale = deviation if a.norm == "diagonal" else deviation.pow(2).mean().sqrt().expand_as(mean).clone()
    settings = Settings(a.width, a.k, a.tokens // a.batch, batch=a.batch, lr=a.lr, seed=a.seed)
    trainer = TopKTrainer(settings, mean, scale)
    a.out.mkdir(parents=True, exist_ok=True)
    checkpoint, log = a.out / "checkpoint.safetensors", a.out / "log.jsonl"
    if checkpoint.exists():
        with safe_open(checkpoint, framework="pt") as file:
            trainer.load(checkpoint, file.metadata())
    start, first = time.time(), trainer.count
    for batch in stream(shards, settings.batch, a.seed, trainer.count):
        if trainer.count >= settings.steps:
            break
        seen = trainer.step(batch)
        if seen.step % 50 == 0:
            rate = (seen.step - first) * settings.batch / (time.time() - start)
            with log.open("a") as file:
                file.write(json.dumps({**vars(seen), "tokens_per_second": round(rate)}) + "\n")
        if seen.step % 250 == 0:
            trainer.save(checkpoint, {})
    report = {**evaluate(trainer, held_out), **trainer.describe(), "block": a.block, "norm": a.norm}
    report |= {"distinct_tokens": 65536 * len(shards), "tokens": settings.steps * settings.batch}
    report["revived"] = trainer.revived
    weight, bias = trainer.dictionary.folded()
    meta = {"k": str(a.k), "tap": str(a.block), "name": a.name, "tokens": str(report["tokens"])}
    save_file({"weight": weight.half().contiguous(), "bias": bias}, a.out / "sae.safetensors", meta)
    (a.out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report))


if __name__ == "__main__":
    main()
