"""Parts: what a file says of its encoder, and the fold of it all into one product and one activation."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from silversmith.core.errors import ModelError
from silversmith.models.sae import Activation, Norm, SparseAutoencoder

__all__ = ["OFF_STREAM", "Files", "Hints", "Parts", "Place", "flatten_states", "fold", "parse_hook"]

OFF_STREAM = -1
"""The tap of an autoencoder that reads another place than the residual stream; `source["site"]` names it."""

Array = NDArray[np.float32]

SITES = {
    "hook_resid_pre": "resid_pre",
    "hook_resid_mid": "resid_mid",
    "hook_resid_post": "resid_post",
    "hook_embed": "embedding",
    "hook_mlp_out": "mlp_out",
    "hook_attn_out": "attn_out",
    "attn.hook_z": "attn_z",
    "hook_z": "attn_z",
    "mlp.hook_in": "mlp_in",
    "hook_mlp_in": "mlp_in",
    "ln2.hook_normalized": "mlp_in",
    "mlp.hook_post": "mlp_hidden",
}


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one autoencoder. family: who reads them; config: None where the family has none."""

    family: str
    weights: Path
    config: Path | None = None


@dataclass(frozen=True, slots=True)
class Hints:
    """What a registry, or the user, knows and the files don't say. None = not known.

    name: how the user called it. repo, path: where the files came from. scale: the input's norm
    factor. rule: for Llama Scope, "original" or "saelens" (see llama_scope). centre: the states
    must be centred over their width first. model, layer, site: what it reads.
    """

    name: str = ""
    repo: str = ""
    path: str = ""
    scale: float | None = None
    k: int | None = None
    dict_class: str | None = None
    rule: str = "original"
    centre: bool | None = None
    model: str | None = None
    layer: int | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an autoencoder reads. site: resid_pre, resid_post, embedding, attn_z, mlp_in; layer from 0."""

    site: str = "resid_post"
    layer: int | None = None

    @property
    def tap(self) -> int:
        """Blocks passed before the residual stream is read; OFF_STREAM if it reads elsewhere."""
        if self.site == "embedding":
            return 0
        if self.layer is None or self.site not in {"resid_pre", "resid_post"}:
            return OFF_STREAM
        return self.layer + (self.site == "resid_post")


@dataclass(frozen=True, slots=True)
class Parts:
    """An encoder as its family means it: act(gain * ((scale * norm(x) - centre) @ weight + bias)).

    weight: float32 [d_in, d_sae]; bias: [d_sae] or None; centre: [d_in] or None; gain: [d_sae] or None.
    facts: what else is known (model, prepend_bos, context_size), kept in the source of the result.
    """

    weight: Array
    bias: Array | None
    activation: Activation
    centre: Array | None = None
    scale: float = 1.0
    gain: Array | None = None
    norm: Norm = field(default_factory=Norm)
    place: Place = field(default_factory=Place)
    facts: dict[str, Any] = field(default_factory=dict)


def fold(parts: Parts, files: Files, hints: Hints) -> SparseAutoencoder:
    """One kernel: biases, scales and gains go into W and b; thresholds stay in units of the product.

    Raises ModelError S018 if an activation's number is impossible (k above the latents).
    """
    bias = np.zeros(parts.weight.shape[1], np.float32) if parts.bias is None else parts.bias
    if parts.centre is not None:
        # before the scale: (s x - c) @ W = x @ (s W) - c @ W
        bias = bias - parts.centre @ parts.weight
    weight = parts.weight if parts.scale == 1.0 else parts.weight * np.float32(parts.scale)
    if parts.gain is not None:
        weight, bias = weight * parts.gain, bias * parts.gain
    _check_k(parts.activation, weight.shape[1], files.weights)
    place = Place(hints.site or parts.place.site, parts.place.layer if hints.layer is None else hints.layer)
    norm = parts.norm if hints.centre is None else replace(parts.norm, centre=hints.centre)
    facts = {"family": files.family, "site": place.site, "layer": place.layer, **parts.facts}
    facts |= {key: getattr(hints, key) for key in ("model", "repo", "path") if getattr(hints, key)}
    return SparseAutoencoder(
        hints.name or str(files.weights),
        torch.from_numpy(np.require(weight, np.float32, ["C", "W"])),
        torch.from_numpy(np.require(bias, np.float32, ["C", "W"])),
        parts.activation,
        place.tap,
        norm,
        {key: value for key, value in facts.items() if value is not None},
    )


def flatten_states(x: Array, d_in: int) -> Array:
    """States of any leading shape as [n, d_in]; heads ([..., heads, d_head] of `hook_z`) side by side.

    Raises ModelError S025 if the trailing axes don't make d_in.
    """
    if x.shape[-1] == d_in:
        return x.reshape(-1, d_in)
    if x.ndim > 2 and x.shape[-1] * x.shape[-2] == d_in:
        return x.reshape(-1, d_in)
    raise ModelError(
        "S025", f"expected states of width {d_in}, or heads that make {d_in}, found shape {x.shape}"
    )


def parse_hook(hook: str | None) -> Place:
    """The place of a hook's name: `blocks.8.hook_resid_pre` or a module's (`model.layers.12.output`)."""
    if not hook:
        return Place("unknown")
    number = re.search(r"(?:blocks|layers|h)[._](\d+)", hook)
    layer = int(number.group(1)) if number else None
    tail = re.sub(r"^.*?(?:blocks|layers|h)[._]\d+\.?", "", hook) if number else hook
    if tail in SITES:
        return Place(SITES[tail], layer)
    modules = {"": "resid_post", "output": "resid_post", "self_attn.o_proj.input": "attn_z"}
    modules |= {"post_feedforward_layernorm.output": "mlp_out", "mlp": "mlp_out"}
    modules |= {"pre_feedforward_layernorm.output": "mlp_in", "mlp.input": "mlp_in"}
    if number and tail in modules:
        return Place(modules[tail], layer)
    return Place("embedding", 0) if "embed" in tail else Place(tail or hook, layer)


def _check_k(activation: Activation, latents: int, path: Path) -> None:
    if activation.kind not in {"topk", "groupmax"}:
        return
    k = activation.k
    if not 0 < k <= latents or (activation.kind == "groupmax" and latents % k):
        raise ModelError(
            "S018",
            f"k: expected a number from 1 to the {latents} latents"
            + (" that divides them" if activation.kind == "groupmax" else "")
            + f", found {k}",
            path=path,
            remedy="mend its configuration, or give k yourself",
        )
