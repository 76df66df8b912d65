"""SAELens folders: `cfg.json` and `sae_weights.safetensors`, version 6 and the flat ones before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from silversmith.core.errors import ModelError
from silversmith.models.sae import Activation, Norm
from silversmith.models.sae_formats.parts import Files, Hints, Parts, parse_hook
from silversmith.models.sae_formats.tensors import Reader, open_tensors, read_json

__all__ = ["read"]

KINDS = {"standard", "jumprelu", "gated", "topk"}
TRANSCODERS = {"transcoder": "standard", "skip_transcoder": "standard"}
TRANSCODERS |= {"jumprelu_transcoder": "jumprelu", "jumprelu_skip_transcoder": "jumprelu"}
OLD_NAMES = {"hook_point": "hook_name", "hook_point_head_index": "hook_head_index"}
OLD_NAMES |= {"activation_fn_str": "activation_fn"}


def read(files: Files, hints: Hints) -> Parts:
    """The encoder of a SAELens folder.

    Raises ModelError: S016 an architecture whose encoder is no single product, S018 a key it can't honour,
    S013 to S015 tensors missing, misshapen or not finite.
    """
    path = files.config or files.weights
    config = _flat(read_json(path))
    tensors = Reader(open_tensors(files.weights), d_in=config.get("d_in"), d_sae=config.get("d_sae"))
    kind, transcoder = _architecture(config, path)
    _refuse_scaling(tensors, files.weights)
    weight = tensors.take("W_enc", "d_in", "d_sae")
    # a transcoder's b_dec lives in the space that it writes to
    subtract = config.get("apply_b_dec_to_input", True) and not transcoder
    norm, scale = _normalise(config, hints, path)
    gain = None
    if kind == "topk" and config.get("rescale_acts_by_decoder_norm"):
        gain = np.linalg.norm(tensors.take("W_dec", "d_sae", "d_out"), axis=1)
    wrapped = config.get("model_from_pretrained_kwargs") or {}
    return Parts(
        weight,
        None if kind == "gated" else tensors.take("b_enc", "d_sae"),
        _activation(kind, config, tensors, path),
        centre=tensors.take("b_dec", "d_in") if subtract else None,
        scale=scale,
        gain=gain,
        norm=Norm(norm, centre=bool(wrapped.get("center_writing_weights"))),
        place=parse_hook(config.get("hook_name")),
        facts={key: config.get(key) for key in ("prepend_bos", "context_size")}
        | {"model": config.get("model_name"), "head": config.get("hook_head_index")},
    )


def _flat(config: dict[str, Any]) -> dict[str, Any]:
    """Version 6 keeps what belongs to the model under `metadata`; before, all was flat, under older names."""
    merged = {**config, **(config.get("metadata") or {})}
    return {OLD_NAMES.get(key, key): value for key, value in merged.items()}


def _architecture(config: dict[str, Any], path: Path) -> tuple[str, bool]:
    """One of KINDS, and whether it is a transcoder's encoder."""
    name = config.get("architecture") or "standard"
    if name in TRANSCODERS:
        return TRANSCODERS[name], True
    if name not in KINDS:
        raise ModelError(
            "S016",
            f"architecture {name!r} has no encoder of the form act(x @ W + b); expected one of "
            f"{', '.join(sorted(KINDS | set(TRANSCODERS)))}",
            path=path,
            remedy="choose another autoencoder of the model: silversmith models",
        )
    activation = config.get("activation_fn") or "relu"
    if name == "standard" and activation not in {"relu", "topk"}:
        raise ModelError("S018", f"activation_fn: expected relu or topk, found {activation!r}", path=path)
    return ("topk" if name == "standard" and activation == "topk" else name), False


def _activation(kind: str, config: dict[str, Any], tensors: Reader, path: Path) -> Activation:
    if kind == "jumprelu":
        return Activation("jumprelu", threshold=tensors.take("threshold", "d_sae"))
    if kind == "gated":
        gate, scale, bias = (tensors.take(name, "d_sae") for name in ("b_gate", "r_mag", "b_mag"))
        return Activation("gated", gate_bias=gate, r_mag=scale, mag_bias=bias)
    if kind == "topk":
        k = config.get("k") or (config.get("activation_fn_kwargs") or {}).get("k")
        if not isinstance(k, int):
            raise ModelError("S018", f"k: expected a whole number, found {k!r}", path=path)
        return Activation("topk", k=k)
    return Activation("relu")


def _normalise(config: dict[str, Any], hints: Hints, path: Path) -> tuple[Any, float]:
    """The norm per piece and the constant factor of the input.

    `expected_average_only_in` is a constant of the training data, which no SAE folder holds: it comes
    from a registry (hints.scale), or was folded into the weights when the folder was written.
    """
    name = config.get("normalize_activations")
    if isinstance(name, bool) or name is None:
        name = "expected_average_only_in" if name else "none"
    if name == "expected_average_only_in":
        return "none", 1.0 if hints.scale is None else hints.scale
    if name in {"none", "covariance_whitening"}:  # the whitening is folded in at the end of training
        return "none", 1.0
    if name in {"constant_norm_rescale", "layer_norm"}:
        return name, 1.0
    raise ModelError(
        "S018",
        "normalize_activations: expected none, expected_average_only_in, constant_norm_rescale, layer_norm "
        f"or covariance_whitening, found {name!r}",
        path=path,
    )


def _refuse_scaling(tensors: Reader, path: Path) -> None:
    """A `scaling_factor` of ones did nothing; any other belongs to fine-tuning that SAELens dropped."""
    factor = tensors.maybe("scaling_factor", "d_sae")
    if factor is not None and not np.allclose(factor, 1.0):
        raise ModelError(
            "S018",
            f"scaling_factor: expected ones, found values from {factor.min():g} to {factor.max():g}",
            path=path,
            remedy="it was fine-tuned by a SAELens before 4; fold the factor into its weights and drop it",
        )
