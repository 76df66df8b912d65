"""SAELens folders of version 6 and of the flat ones before it (see sae_fixtures)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from sae_fixtures import D_IN, D_SAE, META, Case, Draw, gated, jump, layer_norm, relu, topk, write

from silversmith.models.sae_formats import Hints


def saelens(
    folder: Path, name: str, d: Draw, expected, *, flat=False, tensors=None, hints=None, place=None, **config
):
    base = {"d_in": D_IN, "d_sae": D_SAE, "dtype": "float32", "device": "cpu", "apply_b_dec_to_input": True}
    base |= {"normalize_activations": "none"}
    if flat:
        base |= {"model_name": "gpt2-small", "hook_name": "blocks.8.hook_resid_pre", "hook_layer": 8}
        place = place or ("resid_pre", 8, 8)
    else:
        base |= {"architecture": "standard", "metadata": {**META, "hook_name": "blocks.1.hook_resid_post"}}
        place = place or ("resid_post", 1, 2)
    config = {key: value for key, value in {**base, **config}.items() if value != "DROP"}
    tensors = {"W_enc": d.W, "b_enc": d.b, "W_dec": d.W_dec, "b_dec": d.b_dec, **(tensors or {})}
    if config.get("architecture") == "gated":
        tensors = {k: v for k, v in tensors.items() if k != "b_enc"} | {
            "b_gate": d.gate,
            "r_mag": d.r,
            "b_mag": d.mag,
        }
    path = write(folder / name, "sae_weights.safetensors", tensors, config)
    return Case(name, path, d.x, expected, place, hints or Hints())


def make(folder: Path, name: str, rule: Callable[[Draw], np.ndarray], tensors=lambda d: {}, **config) -> Case:
    """A fixture by its oracle."""
    d = Draw(name)
    return saelens(folder, name, d, rule(d), tensors=tensors(d), **config)


def pre(d: Draw, x=None):
    return ((d.x if x is None else x) - d.b_dec) @ d.W + d.b


def threshold(d: Draw) -> dict:
    return {"threshold": d.theta}


def norms(d: Draw):
    return np.linalg.norm(d.W_dec, axis=1)


def unit(x):
    return x * np.sqrt(D_IN) / np.linalg.norm(x, axis=1, keepdims=True)


def version_6(folder: Path) -> list[Case]:
    """Nested configurations."""
    return [
        make(folder, "saelens6_standard", lambda d: relu(pre(d))),
        make(folder, "saelens6_nobdec", lambda d: relu(d.x @ d.W + d.b), apply_b_dec_to_input=False),
        make(
            folder, "saelens6_jumprelu", lambda d: jump(pre(d), d.theta), threshold, architecture="jumprelu"
        ),
        make(
            folder,
            "saelens6_topk",
            lambda d: topk(pre(d), 7),
            architecture="topk",
            k=7,
            rescale_acts_by_decoder_norm=False,
        ),
        make(
            folder,
            "saelens6_topk_rescale",
            lambda d: topk(pre(d) * norms(d), 7),
            architecture="topk",
            k=7,
            rescale_acts_by_decoder_norm=True,
        ),
        make(folder, "saelens6_gated", lambda d: gated(d, d.x - d.b_dec), architecture="gated"),
        make(
            folder,
            "saelens6_layernorm",
            lambda d: topk(pre(d, layer_norm(d.x)), 7),
            architecture="topk",
            k=7,
            normalize_activations="layer_norm",
        ),
        make(
            folder,
            "saelens6_constnorm",
            lambda d: relu(pre(d, unit(d.x))),
            normalize_activations="constant_norm_rescale",
        ),
        make(
            folder,
            "saelens6_avgnorm_disk",
            lambda d: relu(pre(d)),
            normalize_activations="expected_average_only_in",
        ),
        make(
            folder,
            "saelens6_avgnorm_registry",
            lambda d: relu(pre(d, 1.7 * d.x)),
            normalize_activations="expected_average_only_in",
            hints=Hints(scale=1.7),
        ),
    ]


def version_6_others(folder: Path) -> list[Case]:
    """Transcoders, and batch top k as it is saved."""
    return [
        make(
            folder,
            "saelens6_transcoder",
            lambda d: relu(d.x @ d.W + d.b),
            lambda d: {"b_dec": np.ones(7, np.float32), "W_dec": np.ones((D_SAE, 7), np.float32)},
            architecture="transcoder",
            apply_b_dec_to_input=False,
            d_out=7,
            place=("mlp_in", 3, -1),
            metadata={**META, "hook_name": "blocks.3.ln2.hook_normalized"},
        ),
        make(
            folder,
            "saelens6_jumprelu_transcoder",
            lambda d: jump(d.x @ d.W + d.b, d.theta),
            threshold,
            architecture="jumprelu_transcoder",
            d_out=D_IN,
            apply_b_dec_to_input=False,
            place=("mlp_in", 3, -1),
            metadata={**META, "hook_name": "blocks.3.mlp.hook_in"},
        ),
        make(
            folder,
            "batchtopk_saved",
            lambda d: jump(pre(d), 1.3),
            lambda d: {"threshold": np.full(D_SAE, 1.3, np.float32)},
            architecture="jumprelu",
        ),
    ]


def version_5(folder: Path) -> list[Case]:
    """Flat configurations."""
    old = {"flat": True, "dtype": "torch.float32"}
    return [
        make(folder, "saelens5_standard", lambda d: relu(pre(d)), **old),
        make(
            folder,
            "saelens5_topk",
            lambda d: topk(pre(d, layer_norm(d.x)), 6),
            activation_fn_str="topk",
            activation_fn_kwargs={"k": 6},
            normalize_activations="layer_norm",
            **old,
        ),
        make(folder, "saelens5_gated", lambda d: gated(d, d.x - d.b_dec), architecture="gated", **old),
        make(
            folder,
            "saelens5_jumprelu",
            lambda d: jump(pre(d), d.theta),
            threshold,
            architecture="jumprelu",
            **old,
        ),
        make(
            folder,
            "saelens5_hook_point",
            lambda d: relu(pre(d)),
            hook_name="DROP",
            hook_point="blocks.8.hook_resid_pre",
            normalize_activations=False,
            **old,
        ),
        make(
            folder,
            "saelens5_ones",
            lambda d: relu(pre(d)),
            lambda d: {"scaling_factor": np.ones(D_SAE, np.float32)},
            **old,
        ),
        make(
            folder,
            "saelens5_hook_z",
            lambda d: relu(pre(d)),
            hook_name="blocks.5.attn.hook_z",
            place=("attn_z", 5, -1),
            **old,
        ),
        make(
            folder,
            "saelens5_centred",
            lambda d: relu(pre(d, d.x - d.x.mean(axis=1, keepdims=True))),
            hints=Hints(centre=True),
            **old,
        ),
    ]
