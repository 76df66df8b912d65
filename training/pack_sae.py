"""Pack a trained autoencoder for the package: 8 bits a weight if the active sets stay the same, else 16.

    python training/pack_sae.py --run FOLDER --states FILE.npy --out FOLDER

The rule: at least 99.5 % of the active (piece, latent) entries on held-out states must be active in both.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from silversmith.models.mini import load_sae
from silversmith.models.trunk import quantise_rows

SAME = 0.995


def agreement(first: Path, second: Path, states: np.ndarray) -> float:
    """Entries active in both over entries active in either."""
    a, b = (load_sae(path).encode(states) for path in (first, second))
    a.data[:], b.data[:] = 1, 1
    both = a.multiply(b).nnz
    return both / (a.nnz + b.nnz - both)


def main() -> None:
    """Quantise, compare, keep one."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--run", "--states", "--out"):
        parser.add_argument(name, type=Path, required=True)
    a = parser.parse_args()
    source, packed = a.run / "sae.safetensors", a.run / "sae-8bit.safetensors"
    tensors = load_file(source)
    with safe_open(source, framework="pt") as file:
        meta = file.metadata()
    values, scale = quantise_rows(tensors["weight"].float().T.contiguous())
    save_file(
        {"weight": values.T.contiguous(), "weight.scale": scale, "bias": tensors["bias"].float()},
        packed,
        meta,
    )
    same = agreement(source, packed, np.load(a.states)[:8192].astype(np.float32))
    chosen = packed if same >= SAME else source
    print(json.dumps({"active_sets_equal": same, "kept": chosen.name, "bytes": chosen.stat().st_size}))
    a.out.mkdir(parents=True, exist_ok=True)
    (a.out / "sae.safetensors").write_bytes(chosen.read_bytes())


if __name__ == "__main__":
    main()
