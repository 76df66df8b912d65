"""EleutherAI's sparsify: a folder a hook point (`layers.5`), with `cfg.json` and `sae.safetensors`."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from silversmith.core.errors import ModelError
from silversmith.models.sae import Activation
from silversmith.models.sae_formats.parts import Files, Hints, Parts, Place
from silversmith.models.sae_formats.tensors import Reader, open_tensors, read_json

__all__ = ["read"]


def read(files: Files, hints: Hints) -> Parts:
    """The encoder. b_dec is subtracted, whatever `normalize_decoder` says, unless it transcodes.

    Raises ModelError: S016 signed activations, S018 a key it can't honour, S013 to S015 tensors.
    """
    path = files.config or files.weights
    config = read_json(path)
    d_in = config.get("d_in")
    d_sae = config.get("num_latents") or (d_in * config["expansion_factor"] if d_in else None)
    tensors = Reader(open_tensors(files.weights), d_in=d_in, d_sae=d_sae)
    transcode = bool(config.get("transcode"))
    place = _place(hints.path or files.weights.parent.name)
    return Parts(
        np.ascontiguousarray(tensors.take("encoder.weight", "d_sae", "d_in").T),
        tensors.take("encoder.bias", "d_sae"),
        _activation(config, files),
        centre=None if transcode else tensors.take("b_dec", "d_in"),
        place=Place("mlp_in", place.layer) if transcode and place.site == "mlp_out" else place,
        facts={"transcode": transcode or None},
    )


def _activation(config: dict[str, Any], files: Files) -> Activation:
    if config.get("signed"):
        raise ModelError(
            "S016",
            "signed top-k keeps negative activations; expected signed false",
            path=files.config,
            remedy="choose another autoencoder of the model: silversmith models",
        )
    kind, k = config.get("activation", "topk"), config.get("k")
    if kind not in {"topk", "groupmax"} or not isinstance(k, int):
        raise ModelError(
            "S018",
            f"expected activation topk or groupmax with a whole k, found {kind!r} and {k!r}",
            path=files.config,
        )
    return Activation(kind, k=k)


def _place(hookpoint: str) -> Place:
    """The place of `layers.5` (the block's output), `h.5.mlp` (a part of it) or `embed_tokens`."""
    name = hookpoint.rstrip("/").rsplit("/", 1)[-1]
    found = re.fullmatch(r"(?:.*\.)?(?:layers|h)[._](\d+)(?:\.(.+))?", name)
    if found:
        site = {None: "resid_post", "mlp": "mlp_out", "attn": "attn_out", "self_attn": "attn_out"}
        return Place(site.get(found.group(2), str(found.group(2))), int(found.group(1)))
    return Place("embedding", 0) if name in {"embed_tokens", "wte", "embed_in"} else Place("unknown")
