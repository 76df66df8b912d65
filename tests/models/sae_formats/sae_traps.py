"""The known traps of loading foreign autoencoders, each a change to the loader and a check that sees it.

`run(trap, folder)` tells two things: whether the check passes as the code stands, and whether it fails
once the trap is put back. Used by the tests and by experiments/sae_conformance.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import sae_fixtures
import torch
from safetensors.torch import save_file as save_torch

from silversmith.models import sae_kernels
from silversmith.models.sae import Activation, Norm, SparseAutoencoder
from silversmith.models.sae_formats import (
    FAMILIES,
    dictionary_learning,
    fetch,
    gemma_scope,
    parts,
    read_sae,
    saelens,
    tensors,
)
from silversmith.models.sae_formats.registry import Entry

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Trap:
    """number, name: as in the list of traps. check: problems found (none is right). put_back: the mistake."""

    number: int
    name: str
    check: Callable[[Bench], list[str]]
    put_back: Callable[[Patch, Bench], None]


class Bench:
    """All fixtures on disk below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cases = {case.name: case for case in sae_fixtures.write_all(folder / "saes")}


def run(trap: Trap, folder: Path) -> tuple[list[str], list[str]]:
    """Problems as the code stands (should be none), and with the trap put back (should be some)."""
    bench = Bench(folder)
    before = trap.check(bench)
    with Patch.context() as patch:
        trap.put_back(patch, bench)
        try:
            after = trap.check(bench)
        except Exception as error:  # a loud failure is a failure that is seen
            after = [f"{type(error).__name__}: {error}"]
    return before, after


def conform(*names: str) -> Callable[[Bench], list[str]]:
    """A check: the named fixtures (all, if none is named) equal their oracle."""

    def check(bench: Bench) -> list[str]:
        problems = []
        for case in bench.cases.values():
            if names and case.name not in names:
                continue
            found = read_sae(case.path, case.hints).encode(case.x).toarray()
            same = np.array_equal(found > 0, case.expected > 0)
            if not same or np.abs(found - case.expected).max() > 1e-4 or found.min() < 0:
                problems.append(case.name)
        return problems

    return check


def wrapped(family: str, change: Callable) -> Callable[[Patch, Bench], None]:
    """Put back: what the family's reader returns is changed. change: (parts, files, hints) -> parts."""

    def put_back(patch: Patch, bench: Bench) -> None:
        read = FAMILIES[family]
        patch.setitem(FAMILIES, family, lambda files, hints: change(read(files, hints), files, hints))

    return put_back


def stored(files, name, *axes):
    """A tensor of the original file."""
    return tensors.Reader(tensors.open_tensors(files.weights)).take(name, *axes)


# --- the kernel ------------------------------


def activation_rule(rule: Callable) -> Callable[[Patch, Bench], None]:
    """Put back: JumpReLU by another rule (z, theta) -> values."""

    def put_back(patch: Patch, bench: Bench) -> None:
        right = sae_kernels._threshold

        def wrong(weight, bias, act, x, chunk):
            if act.kind != "jumprelu":
                yield from right(weight, bias, act, x, chunk)
                return
            values = rule(x @ weight + bias, torch.as_tensor(act.threshold))
            rows, columns = values.nonzero(as_tuple=True)
            yield sae_kernels._Part(rows, columns, values[rows, columns]), len(x)

        patch.setattr(sae_kernels, "_threshold", wrong)

    return put_back


def at_threshold(bench: Bench) -> list[str]:
    """z = theta stays silent; z = theta + 1 has the value z."""
    weight, theta = torch.eye(4), np.full(4, 1.5, np.float32)
    sae = SparseAutoencoder("tiny", weight, torch.zeros(4), Activation("jumprelu", threshold=theta), 0)
    found = sae.encode(np.array([[1.5, 2.5, 1.25, -2.0]], np.float32)).toarray()
    return [] if found.tolist() == [[0, 2.5, 0, 0]] else [str(found)]


def biased_layer_norm(patch: Patch, bench: Bench) -> None:
    right = Norm.__call__

    def wrong(self, x):
        if self.kind != "layer_norm":
            return right(self, x)
        x = x - x.mean(dim=1, keepdim=True)
        return x / (x.std(dim=1, keepdim=True, unbiased=False) + 1e-5)

    patch.setattr(Norm, "__call__", wrong)


def uncentred_states(patch: Patch, bench: Bench) -> None:
    right = Norm.__call__
    patch.setattr(Norm, "__call__", lambda self, x: right(Norm(self.kind), x))


def widest_product(bench: Bench) -> list[str]:
    """The dense product never has more columns than a chunk."""
    case, widths = bench.cases["gemmascope2"], []
    right = sae_kernels._Tiles.__iter__

    def seen(tiles):
        for tile, start, z in right(tiles):
            widths.append(z.shape[1])
            yield tile, start, z

    with Patch.context() as patch:
        patch.setattr(sae_kernels._Tiles, "__iter__", seen)
        for name in ("gemmascope2", "dl_topk"):
            case = bench.cases[name]
            read_sae(case.path, case.hints).encode(case.x, chunk=8)
    return [] if max(widths) <= 8 else [f"{max(widths)} columns at once"]


def dense(patch: Patch, bench: Bench) -> None:
    right = SparseAutoencoder.encode
    patch.setattr(SparseAutoencoder, "encode", lambda self, x, chunk=None: right(self, x, self.d_sae))


# --- the loaders ------------------------------


def untracked_without_relu(patch: Patch, bench: Bench) -> None:
    always = lambda tensors: Activation("jumprelu", threshold=tensors.scalar("threshold"))  # noqa: E731
    patch.setattr(dictionary_learning, "_tracked", always)
    activation_rule(lambda z, theta: z * (z > theta))(patch, bench)


def threshold_as_jumprelu(patch: Patch, bench: Bench) -> None:
    patch.setitem(dictionary_learning.CLASSES, "AutoEncoderTopK", dictionary_learning.CLASSES["BatchTopKSAE"])


def demand_b_enc(made, files, hints):
    return replace(made, bias=stored(files, "b_enc", "d_sae"))


def norm_from_disk(patch: Patch, bench: Bench) -> None:
    """The training average computed again where it was folded in, and forgotten where a registry holds it."""
    right = saelens._normalise

    def wrong(config, hints, path):
        name, scale = right(config, hints, path)
        if config.get("normalize_activations") == "expected_average_only_in":
            return name, 0.9 if hints.scale is None else 1.0
        return name, scale

    patch.setattr(saelens, "_normalise", wrong)


def rescaled_theta(made, files, hints):
    return replace(
        made, activation=Activation("jumprelu", threshold=made.activation.threshold * np.float32(1.7))
    )


def decoder_norms(made, files, hints):
    name, axes = ("decoder.weight", ("d_in", "d_sae"))
    return (
        replace(made, gain=np.linalg.norm(stored(files, name, *axes), axis=0)) if made.gain is None else made
    )


def no_pickle_runs(bench: Bench) -> list[str]:
    """A .pt with code in it is refused and its code does not run."""
    mark = bench.folder / "it-ran"

    class Bomb:
        def __reduce__(self):
            return (Path.touch, (mark,))

    path = bench.folder / "bomb" / "ae.pt"
    path.parent.mkdir(exist_ok=True)
    torch.save({"k": Bomb()}, path)
    try:
        read_sae(path.parent)
    except Exception:
        return ["its code ran"] if mark.exists() else []
    return ["it was loaded"]


def load_anything(patch: Patch, bench: Bench) -> None:
    right = torch.load
    patch.setattr(torch, "load", lambda path, **options: right(path, **{**options, "weights_only": False}))


class Hub:
    """A hub that lists two releases."""

    class HfApi:
        """Its listing."""

        def list_repo_files(self, repo):
            return [f"layer_3/width_16k/average_l0_{n}/params.npz" for n in (12, 90, 300)]


def alias(bench: Bench) -> list[str]:
    entry = Entry("r", "s", "google/gemma-scope-2b-pt-att", "layer_3/width_16k/canonical")
    path = fetch._canonical(Hub, entry)
    return [] if path == "layer_3/width_16k/average_l0_90" else [path]


def base_270m(bench: Bench) -> list[str]:
    found = read_sae(bench.cases["gemmascope2"].path).source["model"]
    return [] if found == "google/gemma-3-270m" else [found]


def keep_pt(patch: Patch, bench: Bench) -> None:
    patch.setattr(
        gemma_scope,
        "model_name",
        lambda config, repo="": "google/" + config["model_name"].replace("-v3", "-3"),
    )


def tuned_model(bench: Bench) -> list[str]:
    found = read_sae(bench.cases["gemmascope1_lower"].path).source["model"]
    return [] if found == "google/gemma-2-9b-it" else [found]


def shortest_first(patch: Patch, bench: Bench) -> None:
    patch.setattr(
        gemma_scope,
        "_gemma_2",
        lambda text: next(f"google/gemma-2-{n}" for n in ("2b", "9b") if f"-{n}" in text),
    )


def width_by_name(patch: Patch, bench: Bench) -> None:
    patch.setattr(gemma_scope, "Reader", lambda file: tensors.Reader(file, d_sae=16384))


def bf16_file(bench: Bench) -> Path:
    """gemmascope2 stored in bfloat16, without a configuration."""
    folder = bench.folder / "bf16"
    if not folder.exists():
        folder.mkdir()
        file = tensors.open_tensors(bench.cases["gemmascope2"].path / "params.safetensors")
        save_torch(
            {name: torch.from_numpy(np.array(file.read(name))).bfloat16() for name in file.shapes},
            folder / "params.safetensors",
        )
    return folder


def bf16_values(bench: Bench) -> list[str]:
    found = read_sae(bf16_file(bench)).weight
    expected = read_sae(bench.cases["gemmascope2"].path).weight.bfloat16().float()
    return [] if torch.equal(found, expected) else ["other values"]


def product_in_float32(bench: Bench) -> list[str]:
    """Most processors are far slower in bfloat16: the kernel is float32 whatever the file."""
    found = read_sae(bf16_file(bench))
    return (
        []
        if (found.weight.dtype, found.bias.dtype) == (torch.float32, torch.float32)
        else [str(found.weight.dtype)]
    )


def as_float16(patch: Patch, bench: Bench) -> None:
    patch.setattr(tensors, "widen", lambda bits: bits.view(np.float16).astype(np.float32))


def keep_dtype(patch: Patch, bench: Bench) -> None:
    # read through the package's own `convert` module, where `fold` is looked up
    module = __import__("sys").modules[read_sae.__module__]
    right = parts.fold
    patch.setattr(module, "fold", lambda *a: replace(right(*a), weight=right(*a).weight.bfloat16()))


def heads(bench: Bench) -> list[str]:
    case = bench.cases["saelens5_hook_z"]
    sae = read_sae(case.path)
    by_head = case.x.reshape(4, 16, 3, 4)
    found = sae.encode(parts.flatten_states(by_head, sae.d_in)).toarray()
    return [] if np.allclose(found, case.expected, atol=1e-4) else ["other values"]


def transpose(made, files, hints):
    return replace(made, weight=np.ascontiguousarray(made.weight.T))


def uncentred(made, files, hints):
    return replace(made, centre=None)


def centred(made, files, hints):
    return replace(made, centre=stored(files, "b_dec", "d_in"))


LOADER_TRAPS = (
    Trap(4, "W not transposed", conform("goodfire"), wrapped("goodfire", transpose)),
    Trap(
        5, "Qwen-Scope W_enc taken as [d_in, d_sae]", conform("qwenscope"), wrapped("qwen_scope", transpose)
    ),
    Trap(6, "b_dec subtracted for Gemma Scope", conform("gemmascope1"), wrapped("gemma_scope", centred)),
    Trap(
        7,
        "b_dec not subtracted for sparsify",
        conform("sparsify", "sparsify_raw_decoder"),
        wrapped("sparsify", uncentred),
    ),
    Trap(
        7,
        "b_dec not subtracted for BatchTopK",
        conform("dl_batchtopk"),
        wrapped("dictionary_learning", uncentred),
    ),
    Trap(8, ">= at the threshold", at_threshold, activation_rule(lambda z, theta: z.relu() * (z >= theta))),
    Trap(9, "z - theta returned", at_threshold, activation_rule(lambda z, theta: (z - theta).relu())),
    Trap(10, "threshold -1 without ReLU", conform("dl_batchtopk_untracked"), untracked_without_relu),
    Trap(11, "TopK's stored threshold used", conform("dl_topk"), threshold_as_jumprelu),
    Trap(12, "b_enc demanded of gated", conform("saelens6_gated"), wrapped("saelens", demand_b_enc)),
    Trap(
        13,
        "layer norm with the biased deviation",
        conform("saelens6_layernorm", "openai_topk"),
        biased_layer_norm,
    ),
    Trap(
        14,
        "norm factor twice or never",
        conform("saelens6_avgnorm_disk", "saelens6_avgnorm_registry"),
        norm_from_disk,
    ),
    Trap(
        15, "threshold rescaled with W", conform("llamascope_r1"), wrapped("llama_scope_r1", rescaled_theta)
    ),
    Trap(
        16,
        "Llama Scope's decoder norms ignored",
        conform("llamascope"),
        wrapped("llama_scope", lambda p, *_: replace(p, gain=None)),
    ),
    Trap(
        17,
        "magnitudes scaled by decoder norms",
        conform("dl_standard"),
        wrapped("dictionary_learning", decoder_norms),
    ),
    Trap(21, "GPT-2 states not centred", conform("saelens5_centred"), uncentred_states),
    Trap(22, "bfloat16 product on the CPU", product_in_float32, keep_dtype),
    Trap(23, "torch.load of a foreign .pt", no_pickle_runs, load_anything),
    Trap(
        24,
        "canonical used as a folder",
        alias,
        lambda patch, _: patch.setattr(fetch, "_canonical", lambda hub, entry: entry.path),
    ),
    Trap(25, "the base 270m called -pt", base_270m, keep_pt),
    Trap(26, "a short model name matched inside a longer one", tuned_model, shortest_first),
    Trap(27, "d_sae by the folder's name", conform("gemmascope1"), width_by_name),
    Trap(28, "dense tokens x latents", widest_product, dense),
    Trap(
        29,
        "heads not flattened",
        heads,
        lambda patch, _: patch.setattr(parts, "flatten_states", lambda x, d_in: x),
    ),
    Trap(30, "bfloat16 read through numpy", bf16_values, as_float16),
)
"""The traps that concern loaders and the kernel."""

__all__ = ["LOADER_TRAPS", "Bench", "Trap", "conform", "run"]
