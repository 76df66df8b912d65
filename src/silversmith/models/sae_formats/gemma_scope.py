"""Gemma Scope 1 (`params.npz`), its embedding autoencoders, and Gemma Scope 2 (`params.safetensors`)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from silversmith.models.sae import Activation
from silversmith.models.sae_formats.parts import Files, Hints, Parts, Place, parse_hook
from silversmith.models.sae_formats.tensors import Reader, open_tensors, read_json

__all__ = ["model_name", "read", "read_2"]

SITES = {"-res": "resid_post", "-att": "attn_z", "-mlp": "mlp_out", "-transcoders": "mlp_in"}
FOLDERS = {"resid_post": "resid_post", "attn_out": "attn_z", "mlp_out": "mlp_out"}
FOLDERS |= {"transcoder": "mlp_in", "clt": "mlp_in"}


def read(files: Files, hints: Hints) -> Parts:
    """A JumpReLU encoder of Gemma Scope 1; b_dec is NOT subtracted.

    The 4k autoencoders on the embedding were trained before the model multiplies it by sqrt(d_in):
    W is divided by it, so that they read tap 0, which is the scaled embedding.
    """
    parts = _jumprelu(Reader(open_tensors(files.weights)))
    where = hints.path or files.weights.parent.as_posix()
    model = _gemma_2(hints.repo or where)
    facts = {"model": model, "prepend_bos": True, "context_size": 1024}
    if re.search(r"(^|/)embedding/width_\w+/average_l0_\d+$", where):
        return replace(parts, scale=parts.weight.shape[0] ** -0.5, place=Place("embedding", 0), facts=facts)
    site = next((name for end, name in SITES.items() if f"{end}/" in f"{hints.repo}/"), "resid_post")
    layers = re.findall(r"layer_(\d+)(?=/)", where)
    return replace(parts, place=Place(site, int(layers[-1]) if layers else None), facts=facts)


def read_2(files: Files, hints: Hints) -> Parts:
    """A JumpReLU encoder of Gemma Scope 2, with or without its config.json; b_dec is NOT subtracted."""
    tensors = Reader(open_tensors(files.weights))
    config = read_json(files.config) if files.config else {}
    parts = _jumprelu(tensors)
    facts = {"model": model_name(config, hints.repo), "prepend_bos": True, "context_size": 1024}
    return Parts(
        parts.weight, parts.bias, parts.activation, place=_place_2(files, hints, config), facts=facts
    )


def model_name(config: dict[str, Any], repo: str = "") -> str | None:
    """The Hugging Face name of a Gemma Scope 2 suite's model.

    The configuration writes `gemma-v3-270m-pt`; the base model of that size is called `google/gemma-3-270m`.
    """
    name = config.get("model_name")
    if not name:
        found = re.search(r"gemma-scope-2-(\d+[mb])-(pt|it)", repo)
        name = f"gemma-3-{found.group(1)}-{found.group(2)}" if found else None
    if not name:
        return None
    name = str(name).replace("gemma-v3-", "gemma-3-")
    name = name if name.startswith("google/") else f"google/{name}"
    return name.removesuffix("-pt") if name.endswith("270m-pt") else name


def _jumprelu(tensors: Reader) -> Parts:
    """Both generations, whichever case their names have."""
    case = "W_enc" if "W_enc" in tensors or "w_enc" not in tensors else "w_enc"
    weight = tensors.take(case, "d_in", "d_sae")
    return Parts(
        weight,
        tensors.take("b_enc", "d_sae"),
        Activation("jumprelu", threshold=tensors.take("threshold", "d_sae")),
    )


def _gemma_2(text: str) -> str | None:
    """google/gemma-2-9b-it of `gemma-scope-9b-it-res`; the whole name counts (2b is inside 2b-it)."""
    found = re.search(r"gemma-scope-(2b|9b|27b)-(it|pt)", text)
    if not found:
        return None
    return f"google/gemma-2-{found.group(1)}" + ("-it" if found.group(2) == "it" else "")


def _place_2(files: Files, hints: Hints, config: dict[str, Any]) -> Place:
    if config.get("hf_hook_point_in"):
        return parse_hook(config["hf_hook_point_in"])
    where = hints.path or files.weights.parent.as_posix()
    layers = re.findall(r"layer_(\d+)_", where)
    folders = re.findall(r"(resid_post|attn_out|mlp_out|transcoder|clt)(?:_all)?/", where)
    return Place(FOLDERS[folders[-1]] if folders else "resid_post", int(layers[-1]) if layers else None)
