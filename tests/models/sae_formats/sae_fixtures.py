"""Tiny random autoencoders in every public layout, each beside a plain numpy encoder.

d_in = 12 and d_sae = 40 differ, b_dec is not zero, decoder rows are not of length 1, states have a mean:
so a wrong rule changes which latents fire, not only their values.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from silversmith.models.sae_formats import Hints

D_IN, D_SAE, TOKENS = 12, 40, 64
STATISTICS = ("stats_last_nonzero", "latents_activation_frequency", "latents_mean_square")
META = {"sae_lens_version": "6.54.12", "model_name": "gpt2", "prepend_bos": True, "context_size": 128}


@dataclass(frozen=True)
class Case:
    """One autoencoder on disk. expected: float [tokens, d_sae] by the oracle; place: (site, layer, tap)."""

    name: str
    path: Path
    x: np.ndarray
    expected: np.ndarray
    place: tuple = ("resid_post", None, -1)
    hints: Hints = field(default_factory=Hints)
    family: str | None = None


class Draw:
    """The tensors of one fixture."""

    def __init__(self, name: str) -> None:
        rng = np.random.default_rng(sum(map(ord, name)))

        def normal(scale, *shape):
            return (scale * rng.standard_normal(shape)).astype(np.float32)

        self.W, self.W_dec = normal(1, D_IN, D_SAE), normal(1, D_SAE, D_IN)
        self.b, self.b_dec = normal(0.3, D_SAE), normal(0.4, D_IN)
        self.theta = np.abs(normal(1, D_SAE)) + np.float32(0.5)
        self.gate, self.r, self.mag = normal(0.5, D_SAE), normal(0.3, D_SAE), normal(0.5, D_SAE)
        self.x = normal(3, TOKENS, D_IN) + np.float32(0.5)


def relu(z):
    return np.maximum(z, 0)


def jump(z, theta):
    return np.where((z > theta) & (z > 0), z, 0)


def topk(z, k):
    """The k largest of each row, then ReLU."""
    out = np.zeros_like(z)
    rows, columns = np.arange(len(z))[:, None], np.argsort(-z, axis=1)[:, :k]
    out[rows, columns] = z[rows, columns]
    return relu(out)


def gated(d: Draw, x):
    z = x @ d.W
    return (z + d.gate > 0) * relu(z * np.exp(d.r) + d.mag)


def layer_norm(x):
    y = x - x.mean(axis=1, keepdims=True)
    return y / (y.std(axis=1, ddof=1, keepdims=True) + 1e-5)


def write(
    folder: Path, name: str, tensors: dict, config: dict | None = None, config_name: str = "cfg.json"
) -> Path:
    """Tensors into one file by its suffix, a configuration beside it; returns the folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".safetensors":
        save_file({key: np.ascontiguousarray(value) for key, value in tensors.items()}, path)
    elif path.suffix == ".npz":
        np.savez(path, **tensors)
    else:
        as_torch = {
            key: torch.from_numpy(np.array(value)) if isinstance(value, np.ndarray | np.generic) else value
            for key, value in tensors.items()
        }
        torch.save(as_torch, path)
    if config is not None:
        (folder / config_name).write_text(json.dumps(config))
    return folder


# --- Gemma Scope, Llama Scope ------------------------------


def gemma_cases(folder: Path) -> list[Case]:
    cases = []
    for name, where, upper in (
        ("gemmascope1", "gemma-scope-2b-pt-res/layer_12/width_16k/average_l0_82", True),
        ("gemmascope1_lower", "gemma-scope-9b-it-res/layer_9/width_16k/average_l0_88", False),
        ("gemmascope1_embedding", "gemma-scope-2b-pt-res/embedding/width_4k/average_l0_6", True),
    ):
        d = Draw(name)
        encoder, decoder = ("W_enc", "W_dec") if upper else ("w_enc", "w_dec")
        tensors = {encoder: d.W, decoder: d.W_dec, "b_enc": d.b, "b_dec": d.b_dec, "threshold": d.theta}
        path = write(folder / name / where, "params.npz", tensors)
        embedding = "embedding" in where
        scale = np.sqrt(D_IN) if embedding else 1.0
        layer = int(where.split("layer_")[1].split("/")[0]) if not embedding else 0
        place = ("embedding", 0, 0) if embedding else ("resid_post", layer, layer + 1)
        cases.append(Case(name, path, d.x, jump(d.x @ (d.W / scale) + d.b, d.theta), place))
    config = {
        "architecture": "jump_relu",
        "model_name": "gemma-v3-270m-pt",
        "hf_hook_point_in": "model.layers.12.output",
    }
    for name, beside in (("gemmascope2", config), ("gemmascope2_noconfig", None)):
        d = Draw(name)
        tensors = {"w_enc": d.W, "w_dec": d.W_dec, "b_enc": d.b, "b_dec": d.b_dec, "threshold": d.theta}
        where = folder / name / "resid_post/layer_12_width_16k_l0_medium"
        path = write(where, "params.safetensors", tensors, beside, "config.json")
        cases.append(Case(name, path, d.x, jump(d.x @ d.W + d.b, d.theta), ("resid_post", 12, 13)))
    d = Draw("gemmascope2_transcoder")
    tensors = {"w_enc": d.W, "w_dec": d.W_dec, "b_enc": d.b, "b_dec": d.b_dec, "threshold": d.theta}
    tensors["affine_skip_connection"] = np.eye(D_IN, dtype=np.float32)
    path = write(folder / "gs2t/transcoder/layer_9_width_16k_l0_small_affine", "params.safetensors", tensors)
    cases.append(Case("gemmascope2_transcoder", path, d.x, jump(d.x @ d.W + d.b, d.theta), ("mlp_in", 9, -1)))
    return cases


R1 = {
    "d_model": D_IN,
    "d_sae": D_SAE,
    "expansion_factor": D_SAE / D_IN,
    "hook_point_in": "blocks.15.hook_resid_post",
}


def llama_cases(folder: Path) -> list[Case]:
    config = {
        "d_model": D_IN,
        "d_sae": D_SAE,
        "hook_point_in": "blocks.15.hook_resid_post",
        "act_fn": "jumprelu",
        "hook_point_out": "blocks.15.hook_resid_post",
        "jump_relu_threshold": 0.9,
        "norm_activation": "dataset-wise",
        "dataset_average_activation_norm": {"in": 2.7, "out": 2.7},
        "sparsity_include_decoder_norm": True,
        "apply_decoder_bias_to_pre_encoder": False,
    }
    s = np.sqrt(D_IN) / 2.7
    cases = []
    for name, unit, rule in (
        ("llamascope", False, "original"),
        ("llamascope_unit", True, "original"),
        ("llamascope_saelens", False, "saelens"),
        ("llamascope_unit_saelens", True, "saelens"),
    ):
        d = Draw(name)
        norms = np.linalg.norm(d.W_dec, axis=1)
        rows = d.W_dec / norms[:, None] if unit else d.W_dec
        norms = np.ones(D_SAE) if unit else norms
        path = write(
            folder / name / "Llama3_1-8B-Base-L15R-8x",
            "checkpoints/final.safetensors",
            {"encoder.weight": d.W.T, "encoder.bias": d.b, "decoder.weight": rows.T, "decoder.bias": d.b_dec},
            config,
            "hyperparams.json",
        )
        if rule == "original":
            expected = jump((d.x @ d.W + d.b / s) * norms, 0.9)
        else:
            expected = jump((s * d.x) @ d.W + d.b, 0.9 * s)
        cases.append(Case(name, path, d.x, expected, ("resid_post", 15, 16), Hints(rule=rule)))
    d = Draw("llamascope_r1")
    path = write(
        folder / "llamascope_r1/400M-mix/L15R",
        "sae_weights.safetensors",
        {
            "encoder.weight": d.W.T,
            "encoder.bias": d.b,
            "decoder.weight": d.W_dec.T,
            "decoder.bias": d.b_dec,
            "log_jumprelu_threshold": np.log(d.theta),
        },
        R1,
        "config.json",
    )
    expected = jump((1.7 * d.x) @ d.W + d.b, d.theta)
    cases.append(Case("llamascope_r1", path, d.x, expected, ("resid_post", 15, 16), Hints(scale=1.7)))
    return cases


# --- dictionary_learning, sparsify ------------------------------


def dictionary_cases(folder: Path) -> list[Case]:
    def make(name, dict_class, tensors, expected, **trainer):
        d = Draw(name)
        config = {
            "trainer": {
                "dict_class": dict_class,
                "activation_dim": D_IN,
                "dict_size": D_SAE,
                "layer": 3,
                "lm_name": "EleutherAI/pythia-70m-deduped",
                "submodule_name": "resid_post_layer_3",
                **trainer,
            },
            "buffer": {"ctx_len": 128},
        }
        path = write(folder / name / "trainer_0", "ae.pt", tensors(d), config, "config.json")
        return Case(name, path, d.x, expected(d), ("resid_post", 3, 4))

    def linear(d, **more):
        return {"encoder.weight": d.W.T, "encoder.bias": d.b, "decoder.weight": d.W_dec.T, **more}

    def pre(d):
        return (d.x - d.b_dec) @ d.W + d.b

    def batch(d, theta):
        return linear(d, b_dec=d.b_dec, k=np.int64(5), threshold=np.float32(theta))

    def wide(d, **more):
        return {"W_enc": d.W, "b_enc": d.b, "W_dec": d.W_dec, "b_dec": d.b_dec, **more}

    sizes = np.array([10, 30], dtype=np.int64)
    return [
        make("dl_standard", "AutoEncoder", lambda d: linear(d, bias=d.b_dec), lambda d: relu(pre(d))),
        make(
            "dl_new",
            "AutoEncoderNew",
            lambda d: linear(d, **{"decoder.bias": d.b_dec}),
            lambda d: relu(d.x @ d.W + d.b),
        ),
        make(
            "dl_gated",
            "GatedAutoEncoder",
            lambda d: {
                "decoder_bias": d.b_dec,
                "encoder.weight": d.W.T,
                "decoder.weight": d.W_dec.T,
                "r_mag": d.r,
                "gate_bias": d.gate,
                "mag_bias": d.mag,
            },
            lambda d: gated(d, d.x - d.b_dec),
        ),
        make(
            "dl_jumprelu",
            "JumpReluAutoEncoder",
            lambda d: wide(d, threshold=d.theta),
            lambda d: jump(d.x @ d.W + d.b, d.theta),
        ),
        make("dl_topk", "AutoEncoderTopK", lambda d: batch(d, 0.8), lambda d: topk(pre(d), 5), k=5),
        make("dl_batchtopk", "BatchTopKSAE", lambda d: batch(d, 1.1), lambda d: jump(pre(d), 1.1), k=5),
        make("dl_batchtopk_untracked", "BatchTopKSAE", lambda d: batch(d, -1.0), lambda d: relu(pre(d)), k=5),
        make(
            "dl_matryoshka",
            "MatryoshkaBatchTopKSAE",
            lambda d: wide(d, k=np.int64(5), threshold=np.float32(1.1), group_sizes=sizes),
            lambda d: jump(pre(d), 1.1),
            k=5,
        ),
    ]


def sparsify_cases(folder: Path) -> list[Case]:
    base = {
        "activation": "topk",
        "expansion_factor": 32,
        "normalize_decoder": True,
        "num_latents": D_SAE,
        "k": 5,
    }
    base |= {"multi_topk": False, "skip_connection": False, "transcode": False, "d_in": D_IN}

    def make(name, expected, place=("resid_post", 3, 4), hookpoint="layers.3", **config):
        d = Draw(name)
        tensors = {"encoder.weight": d.W.T, "encoder.bias": d.b, "W_dec": d.W_dec, "b_dec": d.b_dec}
        path = write(folder / name / hookpoint, "sae.safetensors", tensors, {**base, **config})
        return Case(name, path, d.x, expected(d), place)

    def pre(d):
        return relu((d.x - d.b_dec) @ d.W + d.b)

    def groupmax(d):
        z = pre(d).reshape(TOKENS, 5, 8)
        return np.where(z == z.max(axis=2, keepdims=True), z, 0).reshape(TOKENS, D_SAE)

    return [
        make("sparsify", lambda d: topk(pre(d), 5)),
        make("sparsify_raw_decoder", lambda d: topk(pre(d), 5), normalize_decoder=False),
        make(
            "sparsify_old",
            lambda d: topk(pre(d), 5),
            ("embedding", 0, 0),
            "embed_tokens",
            signed=False,
            num_latents=D_SAE,
        ),
        make("sparsify_groupmax", groupmax, activation="groupmax"),
        make(
            "sparsify_transcode",
            lambda d: topk(relu(d.x @ d.W + d.b), 5),
            ("mlp_in", 3, -1),
            "layers.3.mlp",
            transcode=True,
        ),
    ]


# --- single files ------------------------------


def single_cases(folder: Path) -> list[Case]:
    def openai(name, expected, **state):
        d = Draw(name)
        tensors = {
            "pre_bias": d.b_dec,
            "latent_bias": d.b,
            "encoder.weight": d.W.T,
            "decoder.weight": d.W_dec.T,
        }
        tensors |= dict.fromkeys(STATISTICS, d.theta)
        write(folder / name, "8.pt", {**tensors, **state})
        return Case(name, folder / name / "8.pt", d.x, expected(d), ("resid_post", 8, 9))

    def plain(name, file, tensors, expected, place, **hints):
        d = Draw(name)
        write(folder / name, file, tensors(d))
        return Case(name, folder / name / file, d.x, expected(d), place, Hints(**hints))

    def linear(encoder, decoder):
        return lambda d: {
            f"{encoder}.weight": d.W.T,
            f"{encoder}.bias": d.b,
            f"{decoder}.weight": d.W_dec.T,
            f"{decoder}.bias": d.b_dec,
        }

    def bare(d):
        return d.x @ d.W + d.b

    wide = lambda d: {"W_enc": d.W.T, "b_enc": d.b, "W_dec": d.W_dec.T, "b_dec": d.b_dec}  # noqa: E731
    return [
        openai(
            "openai_topk",
            lambda d: topk((layer_norm(d.x) - d.b_dec) @ d.W + d.b, 6),
            activation="TopK",
            activation_state_dict={"k": 6, "postact_fn": "ReLU"},
        ),
        openai(
            "openai_relu",
            lambda d: relu((d.x - d.b_dec) @ d.W + d.b),
            activation="ReLU",
            activation_state_dict={},
        ),
        plain(
            "goodfire",
            "Llama-3.1-8B-Instruct-SAE-l19.pth",
            linear("encoder_linear", "decoder_linear"),
            lambda d: relu(bare(d)),
            ("resid_post", 19, 20),
        ),
        plain(
            "deepseek_r1",
            "DeepSeek-R1-Distill-Llama-8B-SAE-l19.pt",
            linear("encoder", "decoder"),
            lambda d: relu(bare(d)),
            ("resid_post", 19, 20),
        ),
        plain(
            "qwenscope",
            "layer3.sae.pt",
            wide,
            lambda d: topk(bare(d), 6),
            ("resid_post", 3, 4),
            repo="Qwen/SAE-Res-Qwen3-1.7B-Base-W32K-L0_6",
        ),
        plain(
            "mwhanna",
            "layer_7.safetensors",
            lambda d: {**wide(d), "W_dec": d.W_dec},
            lambda d: relu(bare(d)),
            ("mlp_in", 7, -1),
        ),
    ]


def write_all(folder: Path) -> list[Case]:
    """Every fixture, written below `folder`."""
    from sae_fixtures_lens import version_5, version_6, version_6_others

    makers = (
        version_6,
        version_6_others,
        version_5,
        gemma_cases,
        llama_cases,
        dictionary_cases,
        sparsify_cases,
        single_cases,
    )
    return [case for make in makers for case in make(folder)]


NAMES = [
    "saelens6_standard",
    "saelens6_nobdec",
    "saelens6_jumprelu",
    "saelens6_topk",
    "saelens6_topk_rescale",
    "saelens6_gated",
    "saelens6_layernorm",
    "saelens6_constnorm",
    "saelens6_avgnorm_disk",
    "saelens6_avgnorm_registry",
    "saelens6_transcoder",
    "saelens6_jumprelu_transcoder",
    "batchtopk_saved",
    "saelens5_standard",
    "saelens5_topk",
    "saelens5_gated",
    "saelens5_jumprelu",
    "saelens5_hook_point",
    "saelens5_ones",
    "saelens5_hook_z",
    "saelens5_centred",
    "gemmascope1",
    "gemmascope1_lower",
    "gemmascope1_embedding",
    "gemmascope2",
    "gemmascope2_noconfig",
    "gemmascope2_transcoder",
    "llamascope",
    "llamascope_unit",
    "llamascope_saelens",
    "llamascope_unit_saelens",
    "llamascope_r1",
    "dl_standard",
    "dl_new",
    "dl_gated",
    "dl_jumprelu",
    "dl_topk",
    "dl_batchtopk",
    "dl_batchtopk_untracked",
    "dl_matryoshka",
    "sparsify",
    "sparsify_raw_decoder",
    "sparsify_old",
    "sparsify_groupmax",
    "sparsify_transcode",
    "openai_topk",
    "openai_relu",
    "goodfire",
    "deepseek_r1",
    "qwenscope",
    "mwhanna",
]
"""The names of all fixtures, for the tests' ids."""
