"""Which format is it? Told by the files' names, then by the tensors'; never by running anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from silversmith.core.errors import ModelError, nearest
from silversmith.models.sae_formats import (
    dictionary_learning,
    gemma_scope,
    goodfire,
    llama_scope,
    openai,
    qwen_scope,
    saelens,
    sparsify,
    transcoders,
)
from silversmith.models.sae_formats.parts import Files, Hints, Parts
from silversmith.models.sae_formats.tensors import open_tensors

__all__ = ["FAMILIES", "detect"]

FAMILIES: Mapping[str, Callable[[Files, Hints], Parts]] = {
    "saelens": saelens.read,
    "gemma_scope": gemma_scope.read,
    "gemma_scope_2": gemma_scope.read_2,
    "llama_scope": llama_scope.read,
    "llama_scope_r1": llama_scope.read_r1,
    "dictionary_learning": dictionary_learning.read,
    "sparsify": sparsify.read,
    "openai": openai.read,
    "goodfire": goodfire.read,
    "qresearch": goodfire.read_qresearch,
    "qwen_scope": qwen_scope.read,
    "transcoders": transcoders.read,
}
"""Every family by name."""

LAYOUTS = (  # family, weights, configuration, whether the configuration must be there
    ("saelens", "sae_weights.safetensors", "cfg.json", True),
    ("llama_scope_r1", "sae_weights.safetensors", "config.json", True),
    ("sparsify", "sae.safetensors", "cfg.json", True),
    ("llama_scope", "checkpoints/final.safetensors", "hyperparams.json", True),
    ("gemma_scope", "params.npz", None, False),
    ("gemma_scope_2", "params.safetensors", "config.json", False),
    ("dictionary_learning", "ae.pt", "config.json", False),
)

REFUSED = {
    "temporal": "a temporal autoencoder attends over earlier tokens",
    "matching_pursuit": "matching pursuit chooses latents one after another",
    "abstopk": "AbsTopK keeps negative activations",
    "mntss_clt_layer_transcoder": "a cross-layer transcoder writes to several layers",
}


def detect(path: Path, family: str | None = None) -> Files:
    """The files of the autoencoder at a folder or file.

    Raises ModelError: S010 nothing there or weights missing, S016 a kind with no single product, S017 not
    recognised, or several in one folder.
    """
    if family in REFUSED:
        raise _refused(path, family)
    if not path.exists():
        raise ModelError(
            "S010",
            "there is no such file or folder",
            path=path,
            remedy="silversmith models lists what can be added",
        )
    files = _by_layout(path, family) or _by_file(path, family)
    if family is not None and family not in FAMILIES:
        raise ModelError("S017", f"unknown format {family!r}", path=path, remedy=nearest(family, FAMILIES))
    return files


def _by_layout(path: Path, family: str | None) -> Files | None:
    """Folders (or a file in one) with the names that a library always writes."""
    for name, weights, config, required in LAYOUTS:
        if family not in {None, name}:
            continue
        folder = path
        if path.is_file():
            if not path.as_posix().endswith(f"/{weights}"):
                continue
            folder = path.parents[weights.count("/")]
        beside = folder / config if config else None
        has_weights, has_config = (folder / weights).is_file(), beside is not None and beside.is_file()
        if has_weights and (has_config or not required):
            return Files(name, folder / weights, beside if has_config else None)
        if has_config and required and not has_weights and not _others(folder, config):
            raise ModelError(
                "S010",
                f"half-downloaded: expected {weights} beside {config}, found {_listing(folder)}",
                path=folder,
                remedy="download it again: silversmith models add NAME",
            )
    return None


def _by_file(path: Path, family: str | None) -> Files:
    """One file of weights, told by its tensors."""
    if path.is_dir():
        if (path / "conf.yaml").is_file() and (path / "latest_ckpt.safetensors").is_file():
            raise _refused(path, "temporal")
        single = [
            one for one in sorted(path.iterdir()) if one.suffix in {".pt", ".pth", ".safetensors", ".npz"}
        ]
        if len(single) != 1:
            raise _several(path, single)
        path = single[0]
    names = set(open_tensors(path).shapes)
    found = family or _family_of(path, names)
    if found is None:
        raise ModelError(
            "S017",
            f"no known format has the tensors {', '.join(sorted(names)[:12])}",
            path=path,
            remedy=f"name it with --sae-format, one of {', '.join(FAMILIES)}",
        )
    config = path.with_name("config.json" if found == "dictionary_learning" else "cfg.json")
    return Files(found, path, config if config.is_file() else None)


def _family_of(path: Path, names: set[str]) -> str | None:
    if "encoder_linear.weight" in names:
        return "goodfire"
    if {"pre_bias", "latent_bias"} <= names:
        return "openai"
    if path.name.endswith(".sae.pt"):
        return "qwen_scope"
    if re.fullmatch(r"layer_\d+\.safetensors", path.name) and "W_enc" in names:
        return "transcoders"
    if names & {"b_dec", "bias", "gate_bias", "group_sizes"} and names & {"encoder.weight", "group_sizes"}:
        return "dictionary_learning"
    return "qresearch" if {"encoder.weight", "encoder.bias"} <= names else None


def _refused(path: Path, family: str) -> ModelError:
    return ModelError(
        "S016",
        f"{family!r} can't be read: {REFUSED[family]}; expected an encoder act(x @ W + b)",
        path=path,
        remedy="choose another autoencoder of the model: silversmith models",
    )


def _several(folder: Path, found: list[Path]) -> ModelError:
    marks = {weights for _, weights, _, _ in LAYOUTS}
    inner = sorted(
        {one.parent.relative_to(folder).as_posix() for mark in marks for one in folder.rglob(mark)}
    )
    inner += [one.name for one in found]
    if inner:
        what = f"expected one autoencoder, found {len(inner)}: {', '.join(inner[:4])}"
        remedy = f"give one, e.g. {folder / inner[0]}"
    else:
        what, remedy = (
            f"no weights here, found {_listing(folder)}",
            "silversmith models lists what can be added",
        )
    return ModelError("S017", what, path=folder, remedy=remedy)


def _others(folder: Path, config: str | None) -> bool:
    """Whether the folder holds the weights of another layout that uses the same configuration's name."""
    return any((folder / weights).is_file() for _, weights, name, _ in LAYOUTS if name == config)


def _listing(folder: Path) -> str:
    names = sorted(one.name for one in folder.iterdir())
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "") if names else "nothing"
