"""Train a sparse autoencoder on the states that training/states.py wrote, for the package.

    python training/train_sae.py --states FOLDER --block 4 --width 8192 --k 48 --tokens 3000000 --out FOLDER

What `silversmith train-sae` does (its output is in OUT/whole), and beside it report.json (explained variance,
L0, dead latents on held-out states) and, for TopK, sae.safetensors as the package ships it (encoder only, 16
bits). --block counts blocks passed. Goes on from its
checkpoint (to the same bits) when it is run again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from silversmith.models.sae_training import Settings, StoredStates, train


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
    parser.add_argument("--kind", choices=["topk", "jumprelu"], default="topk")
    parser.add_argument("--norm", choices=["scalar", "diagonal"], default="scalar")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", default="mini-sae")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    shards = sorted(a.states.glob(f"b{a.block}-?????.npy"))[: a.shards]
    settings = Settings(a.width, a.k, a.tokens, kind=a.kind, batch=a.batch, lr=a.lr, norm=a.norm, seed=a.seed)
    states = StoredStates(shards, a.block, {"name": "mini"}, a.seed)
    a.out.mkdir(parents=True, exist_ok=True)
    whole = a.out / "whole"
    report = train(states, settings, whole, name=a.name, model="mini", licences={"weights": "Apache-2.0"})
    if a.kind == "topk":
        tensors = load_file(whole / "sae_weights.safetensors")
        meta = {"k": str(a.k), "tap": str(a.block), "name": a.name, "tokens": str(settings.tokens)}
        packed = {"weight": tensors["W_enc"].half().contiguous(), "bias": tensors["b_enc"]}
        save_file(packed, a.out / "sae.safetensors", meta)
    report |= {**settings.to_json(), "block": a.block}
    (a.out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report))


if __name__ == "__main__":
    main()
