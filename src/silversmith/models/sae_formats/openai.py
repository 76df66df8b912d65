"""OpenAI's GPT-2 autoencoders: `autoencoders/{layer}.pt`; ReLU (v1, v4), or TopK after layer norm (v5)."""

from __future__ import annotations

import re

import numpy as np

from silversmith.core.errors import ModelError
from silversmith.models.sae import Activation, Norm
from silversmith.models.sae_formats.parts import Files, Hints, Parts, Place
from silversmith.models.sae_formats.tensors import Reader, open_tensors

__all__ = ["read"]

SITES = {"resid_post_mlp": "resid_post", "resid_post_attn": "resid_mid", "mlp_post_act": "mlp_hidden"}
SITES |= {"resid_delta_mlp": "mlp_out", "resid_delta_attn": "attn_out"}


def read(files: Files, hints: Hints) -> Parts:
    """The encoder. Raises ModelError: S018 another activation, S013 to S015 tensors."""
    file = open_tensors(files.weights)
    tensors = Reader(file)
    kind, state = file.extras.get("activation", "ReLU"), file.extras.get("activation_state_dict") or {}
    if kind == "TopK" and state.get("postact_fn", "ReLU") == "ReLU":
        activation, norm = Activation("topk", k=int(hints.k or state["k"])), Norm("layer_norm")
    elif kind == "ReLU":
        activation, norm = Activation("relu"), Norm()
    else:
        raise ModelError(
            "S018",
            f"activation: expected ReLU or TopK followed by ReLU, found {kind!r} and {state!r}",
            path=files.weights,
        )
    where = f"{hints.path}/{files.weights.as_posix()}"
    layer = re.fullmatch(r"(\d+)", files.weights.stem)
    site = next((ours for theirs, ours in SITES.items() if theirs in where), "resid_post")
    return Parts(
        np.ascontiguousarray(tensors.take("encoder.weight", "d_sae", "d_in").T),
        tensors.take("latent_bias", "d_sae"),
        activation,
        centre=tensors.take("pre_bias", "d_in"),
        norm=norm,
        place=Place(site, int(layer.group(1)) if layer else None),
        facts={"model": "gpt2", "context_size": 64},
    )
