"""Transcoders in the layout of mwhanna's Qwen3 releases: `layer_{l}.safetensors`, W_enc [d_sae, d_in]."""

from __future__ import annotations

import re

import numpy as np

from silversmith.models.sae import Activation
from silversmith.models.sae_formats.parts import Files, Hints, Parts, Place
from silversmith.models.sae_formats.tensors import Reader, open_tensors

__all__ = ["read"]


def read(files: Files, hints: Hints) -> Parts:
    """relu(x @ W + b) of the input of the block's MLP; b_dec lives in its output's space and is not used."""
    tensors = Reader(open_tensors(files.weights))
    layer = re.search(r"layer_(\d+)$", files.weights.stem)
    return Parts(
        np.ascontiguousarray(tensors.take("W_enc", "d_sae", "d_in").T),
        tensors.take("b_enc", "d_sae"),
        Activation("relu"),
        place=Place("mlp_in", int(layer.group(1)) if layer else None),
    )
