"""Llama Scope (2024): `hyperparams.json` and `checkpoints/final.safetensors`; and its R1-Distill successor.

The library that trained the 2024 release gates with the scalar threshold on pre-activations that are
multiplied by the decoder rows' norms; SAELens ignores the norms. The two agree only if the rows have
length 1. Both rules are offered (Hints.rule); the original is the default.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from silversmith.core.errors import ModelError
from silversmith.models.sae import Activation
from silversmith.models.sae_formats.parts import Files, Hints, Parts, parse_hook
from silversmith.models.sae_formats.tensors import Reader, open_tensors, read_json

__all__ = ["read", "read_r1"]


def read(files: Files, hints: Hints) -> Parts:
    """The encoder of a 2024 release.

    Raises ModelError: S016 a GLU encoder, S018 a key it can't honour, S013 to S015 tensors.
    """
    config = _config(files)
    tensors = Reader(open_tensors(files.weights), d_in=config.get("d_model"), d_sae=config.get("d_sae"))
    weight = np.ascontiguousarray(tensors.take("encoder.weight", "d_sae", "d_in").T)
    bias = tensors.take("encoder.bias", "d_sae")
    factor, theta = _input_factor(config, files), float(config["jump_relu_threshold"])
    centre, gain = None, None
    if config.get("apply_decoder_bias_to_pre_encoder"):
        centre = tensors.take("decoder.bias", "d_in")
    if hints.rule == "saelens":
        activation, scale = Activation("jumprelu", threshold=theta * factor), factor
    else:  # in units of the raw states: b / s, then the decoder's norms, then the threshold as it stands
        activation, scale, bias = Activation("jumprelu", threshold=theta), 1.0, bias / np.float32(factor)
        centre = None if centre is None else centre / np.float32(factor)
        if config.get("sparsity_include_decoder_norm", True):
            gain = np.linalg.norm(tensors.take("decoder.weight", "d_in", "d_sae"), axis=0)
    return Parts(
        weight,
        bias,
        activation,
        centre=centre,
        scale=scale,
        gain=gain,
        place=parse_hook(config.get("hook_point_in")),
        facts=_facts("meta-llama/Llama-3.1-8B", hints),
    )


def read_r1(files: Files, hints: Hints) -> Parts:
    """The encoder of an R1-Distill release: a threshold a latent, stored as its logarithm, never rescaled.

    The input's factor is not in its files: Hints.scale (`norm_scaling_factor` of a registry) holds it.
    Raises ModelError: S016 a GLU encoder, S019 no factor known, S013 to S015 tensors.
    """
    config = read_json(files.config) if files.config else {}
    _refuse_glu(config, files)
    if hints.scale is None:
        raise ModelError(
            "S019",
            "the norm factor of its input is not in its files; expected it from a registry or from you",
            path=files.weights,
            remedy="load it by name with sae-lens installed (norm_scaling_factor), or give --scale",
        )
    tensors = Reader(open_tensors(files.weights), d_in=config.get("d_model"), d_sae=config.get("d_sae"))
    weight = np.ascontiguousarray(tensors.take("encoder.weight", "d_sae", "d_in").T)
    theta = np.exp(tensors.take("log_jumprelu_threshold", "d_sae"))
    return Parts(
        weight,
        tensors.take("encoder.bias", "d_sae"),
        Activation("jumprelu", threshold=theta),
        scale=hints.scale,
        place=parse_hook(config.get("hook_point_in")),
        facts=_facts("deepseek-ai/DeepSeek-R1-Distill-Llama-8B", hints),
    )


def _config(files: Files) -> dict[str, Any]:
    path = files.config or files.weights
    config = read_json(path)
    _refuse_glu(config, files)
    if config.get("act_fn", "jumprelu") not in {"jumprelu", "topk"}:  # the library turned topk into jumprelu
        raise ModelError("S018", f"act_fn: expected jumprelu or topk, found {config['act_fn']!r}", path=path)
    threshold = config.get("jump_relu_threshold")
    if not isinstance(threshold, int | float) or not threshold > 0:
        raise ModelError(
            "S018", f"jump_relu_threshold: expected a positive number, found {threshold!r}", path=path
        )
    return config


def _input_factor(config: dict[str, Any], files: Files) -> float:
    """sqrt(d_model) / average norm of the training states."""
    norm = (config.get("dataset_average_activation_norm") or {}).get("in")
    if config.get("norm_activation", "dataset-wise") != "dataset-wise" or not isinstance(norm, int | float):
        raise ModelError(
            "S018",
            "expected norm_activation 'dataset-wise' with dataset_average_activation_norm.in, found "
            f"{config.get('norm_activation')!r} and {norm!r}",
            path=files.config,
        )
    return math.sqrt(config["d_model"]) / norm


def _refuse_glu(config: dict[str, Any], files: Files) -> None:
    if config.get("use_glu_encoder"):
        raise ModelError(
            "S016",
            "a GLU encoder (use_glu_encoder) has no form act(x @ W + b); expected a plain encoder",
            path=files.config,
            remedy="choose another autoencoder of the model: silversmith models",
        )


def _facts(model: str, hints: Hints) -> dict[str, Any]:
    return {"model": model, "prepend_bos": True, "context_size": 1024, "rule": hints.rule}
