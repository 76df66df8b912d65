"""The local cache: each autoencoder once, encoder only, folded, float32, checksummed; offline ever after."""

from __future__ import annotations

import re
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from silversmith.core.artefact import Artefact, checksum, write_artefact
from silversmith.core.errors import ModelError
from silversmith.models.home import home_folder
from silversmith.models.sae import Activation, Norm, SparseAutoencoder
from silversmith.models.sae_formats.detect import FAMILIES, detect
from silversmith.models.sae_formats.fetch import fetch
from silversmith.models.sae_formats.names import hints_of, resolve
from silversmith.models.sae_formats.parts import OFF_STREAM, Hints, fold

__all__ = ["add_sae", "cache_folder", "check_fit", "convert", "open_converted", "open_sae", "read_sae"]

KIND = "sae"
WEIGHTS = "encoder.safetensors"


def cache_folder() -> Path:
    """Where converted autoencoders are kept: the house's folder (see models.home)."""
    return home_folder()


def read_sae(path: Path | str, hints: Hints | None = None, *, family: str | None = None) -> SparseAutoencoder:
    """The autoencoder at a local folder or file, in its original layout or converted by us.

    Raises ModelError S010 to S019 (see docs/reference/errors.md): the file, what was expected and found.
    """
    path, hints = Path(path), hints or Hints()
    if (path / "manifest.json").is_file():
        return open_converted(path)
    files = detect(path, family)
    return fold(FAMILIES[files.family](files, hints), files, hints)


def convert(
    path: Path | str,
    folder: Path | str,
    hints: Hints | None = None,
    *,
    family: str | None = None,
    licence: str = "unknown",
) -> Path:
    """Write the encoder at `path` as an artefact at `folder`, aside and renamed; returns `folder`."""
    files = detect(Path(path), family)
    sae = read_sae(path, hints, family=family)
    activation, tensors = _activation_out(sae.activation)
    tensors |= {"weight": sae.weight.numpy(), "bias": sae.bias.numpy()}
    inputs = {one.name: checksum(one) for one in (files.weights, files.config) if one is not None}
    fields = {
        "name": sae.name,
        "tap": sae.tap,
        "d_in": sae.d_in,
        "d_sae": sae.d_sae,
        "activation": activation,
        "norm": asdict(sae.norm),
        "source": sae.source,
        "inputs": inputs,
        "licences": {"weights": licence},
    }
    with write_artefact(folder, KIND, **fields) as aside:
        save_file(tensors, aside / WEIGHTS)
    return Path(folder)


def open_converted(folder: Path | str) -> SparseAutoencoder:
    """One that was converted or trained here, its weights mapped from the file. Raises A001 to A004."""
    artefact = Artefact.open(folder, KIND)
    manifest = artefact.manifest
    if WEIGHTS not in manifest["files"]:
        return _trained(artefact)
    with safe_open(artefact.path(WEIGHTS), framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    return SparseAutoencoder(
        manifest["name"],
        tensors.pop("weight"),
        tensors.pop("bias"),
        _activation_in(manifest["activation"], tensors),
        manifest["tap"],
        Norm(**manifest["norm"]),
        {
            **manifest["source"],
            "sha256": manifest["files"][WEIGHTS],
            "licence": manifest["licences"]["weights"],
        },
    )


def _trained(artefact: Artefact) -> SparseAutoencoder:
    """One of `silversmith train-sae`: SAELens' layout with our manifest."""
    manifest = artefact.manifest
    files = detect(artefact.folder, "saelens")
    sae = fold(FAMILIES["saelens"](files, Hints()), files, Hints(name=manifest["name"]))
    facts = {"sha256": manifest["files"][files.weights.name], "licence": manifest["licences"]["weights"]}
    return replace(sae, tap=manifest["tap"], source={**sae.source, **facts})


def open_sae(name: str, sae_id: str | None = None, **given: Any) -> SparseAutoencoder:
    """The autoencoder of that name: a local folder or file, or one that was added; never the network.

    name, sae_id: see names.resolve. given: fields of Hints (scale, k, rule) and `family`, for local files.
    Raises ModelError: S021 known but not here (the command to add it), S020 unknown, S010 to S019 unreadable.
    """
    family = given.pop("family", None)
    if sae_id is None and Path(name).exists():
        return read_sae(name, Hints(**{"name": name, **given}), family=family)
    entry = resolve(name, sae_id)
    folder = _cached(entry.name)
    if not (folder / "manifest.json").is_file():
        size = "" if entry.download is None else f", {entry.download / 1e9:.2g} GB to download"
        raise ModelError(
            "S021",
            f"{entry.name} is not on this machine{size}",
            path=folder,
            remedy=f"run: silversmith models add {entry.name}",
        )
    return open_converted(folder)


def add_sae(name: str, sae_id: str | None = None, **given: Any) -> Path:
    """Download (only what is needed, then dropped) and convert; returns the folder of the cache.

    A local folder or file is converted without a network. Raises ModelError S010 to S024.
    """
    family = given.pop("family", None)
    if sae_id is None and Path(name).exists():
        return convert(
            name, _cached(Path(name).resolve().as_posix()), Hints(**{"name": name, **given}), family=family
        )
    entry = resolve(name, sae_id)
    cache_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=cache_folder()) as aside:
        path = fetch(entry, Path(aside))
        return convert(
            path,
            _cached(entry.name),
            hints_of(entry, **given),
            family=family or entry.family,
            licence=entry.licence,
        )


def check_fit(sae: SparseAutoencoder, width: int, depth: int, model: str) -> None:
    """Refuse an autoencoder that can't read this model.

    width: of the model's residual stream; depth: its blocks. Raises ModelError: S025 wrong width, S026 wrong
    layer, S027 a place that is not on the residual stream.
    """
    remedy = f"it was trained on {sae.source.get('model') or 'another model'}; see silversmith models"
    if sae.tap == OFF_STREAM:
        site = sae.source.get("site", "unknown")
        raise ModelError(
            "S027",
            f"expected an autoencoder of the residual stream, found one that reads {site!r}",
            where=sae.name,
            remedy="choose one of resid_pre, resid_post or the embedding: silversmith models",
        )
    if sae.d_in != width:
        raise ModelError(
            "S025",
            f"expected d_in={width}, the width of {model}, found d_in={sae.d_in} (d_sae={sae.d_sae})",
            where=sae.name,
            remedy=remedy,
        )
    if sae.tap > depth:
        raise ModelError(
            "S026",
            f"expected a layer from 0 to {depth - 1}, the blocks of {model}, found layer {sae.tap - 1}",
            where=sae.name,
            remedy=remedy,
        )


def _cached(name: str) -> Path:
    """The cache's folder for a name: readable, and different for different names."""
    import hashlib

    slug = re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")[-80:]
    return cache_folder() / "saes" / f"{slug}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _activation_out(activation: Activation) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """JSON values and arrays of an activation."""
    values: dict[str, Any] = {"kind": activation.kind, "k": activation.k}
    arrays = {name: getattr(activation, name) for name in ("gate_bias", "r_mag", "mag_bias")}
    if isinstance(activation.threshold, np.ndarray):
        arrays["threshold"] = activation.threshold
    else:
        values["threshold"] = activation.threshold
    return values, {name: np.ascontiguousarray(one) for name, one in arrays.items() if one is not None}


def _activation_in(values: dict[str, Any], tensors: dict[str, torch.Tensor]) -> Activation:
    arrays: dict[str, Any] = {name: one.numpy() for name, one in tensors.items()}
    return Activation(**values, **arrays)
