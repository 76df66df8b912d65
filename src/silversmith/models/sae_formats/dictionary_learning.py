"""dictionary_learning's `ae.pt` with `config.json`: seven classes, told by name, else by tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from silversmith.core.errors import ModelError, nearest
from silversmith.models.sae import Activation
from silversmith.models.sae_formats.parts import Files, Hints, Parts, Place
from silversmith.models.sae_formats.tensors import Reader, open_tensors, read_json

__all__ = ["read"]


def read(files: Files, hints: Hints) -> Parts:
    """The encoder of any of the library's dictionary classes.

    Raises ModelError: S018 an unknown class or no k, S019 no class given where tensors don't tell it,
    S013 to S015 tensors missing, misshapen or not finite.
    """
    config = read_json(files.config) if files.config else {}
    trainer = config.get("trainer") or {}
    tensors = Reader(
        open_tensors(files.weights), d_in=trainer.get("activation_dim"), d_sae=trainer.get("dict_size")
    )
    name = hints.dict_class or trainer.get("dict_class") or _by_tensors(tensors, files)
    if name not in CLASSES:
        raise ModelError(
            "S018",
            f"dict_class {name!r} is none of the library's",
            path=files.config or files.weights,
            remedy=nearest(str(name), CLASSES),
        )
    parts = CLASSES[name](tensors, {"k": hints.k, **trainer}, files)
    site = {None: "resid_post", "residual": "resid_post", "mlp": "mlp_out", "attention": "attn_out"}
    return Parts(
        parts.weight,
        parts.bias,
        parts.activation,
        centre=parts.centre,
        place=Place(site.get(trainer.get("submodule_name"), "resid_post"), trainer.get("layer")),
        facts={
            "model": trainer.get("lm_name"),
            "context_size": (config.get("buffer") or {}).get("ctx_len"),
            "dict_class": name,
        },
    )


def _by_tensors(tensors: Reader, files: Files) -> str:
    """The class where no configuration names it."""
    for name, mark in {
        "GatedAutoEncoder": "gate_bias",
        "AutoEncoder": "bias",
        "MatryoshkaBatchTopKSAE": "group_sizes",
        "AutoEncoderNew": "decoder.bias",
    }.items():
        if mark in tensors:
            return name
    if "W_enc" in tensors and "k" not in tensors:
        return "JumpReluAutoEncoder"
    raise ModelError(
        "S019",
        "AutoEncoderTopK and BatchTopKSAE write the same tensors, and no config.json names the class",
        path=files.weights,
        remedy="name it: --dict-class AutoEncoderTopK or --dict-class BatchTopKSAE",
    )


def _linear(tensors: Reader, prefix: str = "encoder") -> np.ndarray[Any, np.dtype[np.float32]]:
    """W of a torch Linear, which stores [d_sae, d_in]."""
    return np.ascontiguousarray(tensors.take(f"{prefix}.weight", "d_sae", "d_in").T)


def _relu(tensors: Reader, trainer: dict[str, Any], files: Files) -> Parts:
    bias = tensors.take("encoder.bias", "d_sae") if "encoder.bias" in tensors else None
    return Parts(_linear(tensors), bias, Activation("relu"), centre=tensors.take("bias", "d_in"))


def _new(tensors: Reader, trainer: dict[str, Any], files: Files) -> Parts:
    return Parts(_linear(tensors), tensors.take("encoder.bias", "d_sae"), Activation("relu"))


def _gated(tensors: Reader, trainer: dict[str, Any], files: Files) -> Parts:
    gate, scale, bias = (tensors.take(name, "d_sae") for name in ("gate_bias", "r_mag", "mag_bias"))
    activation = Activation("gated", gate_bias=gate, r_mag=scale, mag_bias=bias)
    return Parts(_linear(tensors), None, activation, centre=tensors.take("decoder_bias", "d_in"))


def _jumprelu(tensors: Reader, trainer: dict[str, Any], files: Files) -> Parts:
    """This class does not centre its input."""
    weight = tensors.take("W_enc", "d_in", "d_sae")
    theta = tensors.take("threshold", "d_sae")
    return Parts(weight, tensors.take("b_enc", "d_sae"), Activation("jumprelu", threshold=theta))


def _topk(tensors: Reader, trainer: dict[str, Any], files: Files) -> Parts:
    """Top k per piece; the threshold stored beside it is used only on request, so never here."""
    k = int(tensors.scalar("k")) if "k" in tensors else trainer.get("k")
    if not isinstance(k, int):
        raise ModelError(
            "S018", f"k: expected a whole number, found {k!r}", path=files.config or files.weights
        )
    bias, centre = tensors.take("encoder.bias", "d_sae"), tensors.take("b_dec", "d_in")
    return Parts(_linear(tensors), bias, Activation("topk", k=k), centre=centre)


def _batch_topk(tensors: Reader, trainer: dict[str, Any], files: Files) -> Parts:
    bias, centre = tensors.take("encoder.bias", "d_sae"), tensors.take("b_dec", "d_in")
    return Parts(_linear(tensors), bias, _tracked(tensors), centre=centre)


def _matryoshka(tensors: Reader, trainer: dict[str, Any], files: Files) -> Parts:
    weight = tensors.take("W_enc", "d_in", "d_sae")
    return Parts(
        weight, tensors.take("b_enc", "d_sae"), _tracked(tensors), centre=tensors.take("b_dec", "d_in")
    )


def _tracked(tensors: Reader) -> Activation:
    """Batch top k at inference: one threshold, tracked while training (-1: never, so a plain ReLU)."""
    theta = tensors.scalar("threshold")
    return Activation("jumprelu", threshold=theta) if theta >= 0 else Activation("relu")


CLASSES: dict[str, Callable[[Reader, dict[str, Any], Files], Parts]] = {
    "AutoEncoder": _relu,
    "AutoEncoderNew": _new,
    "GatedAutoEncoder": _gated,
    "JumpReluAutoEncoder": _jumprelu,
    "AutoEncoderTopK": _topk,
    "BatchTopKSAE": _batch_topk,
    "MatryoshkaBatchTopKSAE": _matryoshka,
}
