"""Cut the trunk of `mini` out of all-mpnet-base-v2: its first blocks, 8 bits a weight, one scale a row.

    python training/make_trunk.py --model FOLDER --blocks 4 --out src/silversmith/models/mini

FOLDER holds the original's model.safetensors (sha256 78c0197b...); docs/reference/mini.md says where
it can be had. Deterministic: the same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from silversmith.models.trunk import TrunkConfig, quantise_rows

PAIRS = {
    "norm1": "attention.LayerNorm",
    "out": "attention.attn.o",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm2": "output.LayerNorm",
}


def cut(weights: dict[str, torch.Tensor], blocks: int) -> dict[str, torch.Tensor]:
    """The trunk's tensors under our names (float32)."""
    state = {
        "words.weight": weights["embeddings.word_embeddings.weight"],
        "places.weight": weights["embeddings.position_embeddings.weight"],
        "norm.weight": weights["embeddings.LayerNorm.weight"],
        "norm.bias": weights["embeddings.LayerNorm.bias"],
        "relative.weight": weights["encoder.relative_attention_bias.weight"],
    }
    for block in range(blocks):
        theirs, ours = f"encoder.layer.{block}.", f"blocks.{block}."
        for kind in ("weight", "bias"):
            for our, their in PAIRS.items():
                state[f"{ours}{our}.{kind}"] = weights[f"{theirs}{their}.{kind}"]
            parts = [weights[f"{theirs}attention.attn.{part}.{kind}"] for part in "qkv"]
            state[f"{ours}qkv.{kind}"] = torch.cat(parts)
    return {name: tensor.float().contiguous() for name, tensor in state.items()}


def main() -> None:
    """Read, cut, quantise, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--full", action="store_true", help="keep float32 (for comparisons)")
    arguments = parser.parse_args()
    state = cut(load_file(arguments.model / "model.safetensors"), arguments.blocks)
    stored: dict[str, torch.Tensor] = {}
    for name, tensor in state.items():
        if tensor.ndim == 2 and tensor.shape[1] >= 64 and not arguments.full:
            stored[name], stored[name + ".scale"] = quantise_rows(tensor)
        else:
            stored[name] = tensor
    arguments.out.mkdir(parents=True, exist_ok=True)
    config = TrunkConfig(vocabulary=len(state["words.weight"]), blocks=arguments.blocks)
    save_file(stored, arguments.out / "trunk.safetensors", {"config": config.to_json()})
    tokenizer = json.loads((arguments.model / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["truncation"] = tokenizer["padding"] = None
    (arguments.out / "tokenizer.json").write_text(
        json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
