"""Plain ReLU encoders in one torch file: Goodfire (`encoder_linear.*`), qresearch (`encoder.*`)."""

from __future__ import annotations

import re

import numpy as np

from silversmith.models.sae import Activation
from silversmith.models.sae_formats.parts import Files, Hints, Parts, Place
from silversmith.models.sae_formats.tensors import Reader, open_tensors

__all__ = ["read", "read_qresearch"]

MODELS = {
    "Llama-3.1-8B-Instruct": "meta-llama/Llama-3.1-8B-Instruct",
    "Llama-3.3-70B-Instruct": "meta-llama/Llama-3.3-70B-Instruct",
    "DeepSeek-R1-Distill-Llama-8B": "deepseek-ai/DeepSeek-R1-Distill-Llama-8B",
}


def read(files: Files, hints: Hints) -> Parts:
    """Goodfire: relu(x @ W + b), no centring."""
    return _read(files, "encoder_linear")


def read_qresearch(files: Files, hints: Hints) -> Parts:
    """qresearch's DeepSeek-R1 autoencoder: the same rule under other names."""
    return _read(files, "encoder")


def _read(files: Files, prefix: str) -> Parts:
    tensors = Reader(open_tensors(files.weights))
    layer = re.search(r"-l(\d+)$", files.weights.stem)
    model = next((full for short, full in MODELS.items() if short in files.weights.name), None)
    return Parts(
        np.ascontiguousarray(tensors.take(f"{prefix}.weight", "d_sae", "d_in").T),
        tensors.take(f"{prefix}.bias", "d_sae"),
        Activation("relu"),
        place=Place("resid_post", int(layer.group(1)) if layer else None),
        facts={"model": model, "prepend_bos": True},
    )
