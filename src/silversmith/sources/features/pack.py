"""A feature pack: a mapping that brings along the encoder rows that it uses, and needs no autoencoder."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save_file
from scipy.sparse import csr_array

from silversmith.core import Artefact
from silversmith.models.sae import Activation, Norm, SparseAutoencoder
from silversmith.sources.features.table import Csr

__all__ = ["PackedEncoder", "open_pack", "reduced", "save_pack"]

FILE = "encoder.safetensors"
ARRAYS = ("threshold", "gate_bias", "r_mag", "mag_bias")


@dataclass(frozen=True)
class PackedEncoder:
    """Some latents of an autoencoder, in its place: what it gives has all columns, the others are empty.

    inner: the kept latents. kept: int64 [m], their numbers, ascending. latents: of the whole. whole: its
    identity. cut: float32 [d_in + 1] or None: for a TopK autoencoder, the threshold of a piece that stands
    for the k-th best of all latents: norm(x) @ cut[:-1] + cut[-1]; `inner` gives what is above it.
    """

    inner: SparseAutoencoder
    kept: NDArray[np.int64]
    latents: int
    whole: dict[str, Any]
    cut: NDArray[np.float32] | None = None

    @property
    def name(self) -> str:
        """Of the whole autoencoder."""
        return self.inner.name

    @property
    def tap(self) -> int:
        """Blocks passed before the states are read."""
        return self.inner.tap

    @property
    def d_in(self) -> int:
        """Width of the residual stream."""
        return self.inner.d_in

    @property
    def d_sae(self) -> int:
        """Latents of the whole autoencoder: columns of what `encode` gives."""
        return self.latents

    @property
    def source(self) -> dict[str, Any]:
        """Where the whole came from."""
        return self.inner.source

    def identity(self) -> dict[str, Any]:
        """That of the whole: mappings made with it can be used with this."""
        return dict(self.whole)

    def encode(self, x: NDArray[np.float32]) -> Csr:
        """States [pieces, width] -> activations float32 CSR [pieces, latents]."""
        if not len(self.kept):  # a mapping of cues alone
            return csr_array(np.zeros((len(x), self.latents), np.float32))
        found = self.inner.encode(x)
        data, keep = found.data, np.ones(found.nnz, np.bool_)
        if self.cut is not None:
            data = data + np.repeat(self.thresholds(x), np.diff(found.indptr))
            keep = data > 0
        indptr = np.concatenate([[0], np.cumsum(keep)])[found.indptr]
        columns = self.kept[found.indices[keep]].astype(np.int32)
        return csr_array((data[keep], columns, indptr), shape=(len(x), self.latents))

    def thresholds(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """What stands for the k-th best latent of each piece [pieces]."""
        assert self.cut is not None
        with torch.inference_mode():
            states = self.inner.norm(torch.from_numpy(np.require(x, np.float32, ["C", "W"]))).numpy()
        return np.asarray(states @ self.cut[:-1] + self.cut[-1], np.float32)


def save_pack(encoder: PackedEncoder, folder: Path) -> dict[str, Any]:
    """Write the encoder into a mapping's folder; the manifest's field `pack`.

    Weights are kept in 16 bits where that loses nothing.
    """
    inner, act = encoder.inner, encoder.inner.activation
    half = inner.weight.half()
    exact = torch.equal(half.float(), inner.weight.float())
    tensors = {"weight": half if exact else inner.weight, "bias": inner.bias}
    tensors["kept"] = torch.from_numpy(encoder.kept)
    arrays = {name: getattr(act, name) for name in ARRAYS} | {"cut": encoder.cut}
    tensors |= {name: torch.from_numpy(one) for name, one in arrays.items() if isinstance(one, np.ndarray)}
    save_file({name: one.contiguous() for name, one in tensors.items()}, folder / FILE)
    activation: dict[str, Any] = {"kind": act.kind, "k": act.k}
    if not isinstance(act.threshold, np.ndarray):
        activation["threshold"] = act.threshold
    return {
        "name": inner.name,
        "tap": inner.tap,
        "latents": encoder.latents,
        "sae": encoder.whole,
        "activation": activation,
        "norm": asdict(inner.norm),
        "source": inner.source,
    }


def open_pack(folder: Path | str) -> PackedEncoder | None:
    """The encoder in a mapping's folder; None if it brings none. Raises ModelError A001 to A004."""
    artefact = Artefact.open(folder, "mapping", verify=False)
    about = artefact.manifest.get("pack")
    if about is None:
        return None
    artefact.verify()
    with safe_open(artefact.path(FILE), framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    arrays: dict[str, Any] = {name: tensors[name].numpy() for name in ARRAYS if name in tensors}
    inner = SparseAutoencoder(
        about["name"],
        tensors["weight"].float(),
        tensors["bias"].float(),
        Activation(**about["activation"], **arrays),
        about["tap"],
        Norm(**about["norm"]),
        about["source"],
    )
    cut = tensors["cut"].numpy() if "cut" in tensors else None
    return PackedEncoder(inner, tensors["kept"].numpy(), about["latents"], about["sae"], cut)


def reduced(sae: SparseAutoencoder, kept: NDArray[np.int64]) -> SparseAutoencoder:
    """The autoencoder with some latents alone; of "groupmax", whole groups must be kept."""
    columns = torch.from_numpy(kept)
    act = sae.activation
    arrays = {name: getattr(act, name) for name in ARRAYS}
    arrays = {name: one[kept] for name, one in arrays.items() if isinstance(one, np.ndarray)}
    if act.kind == "groupmax":
        arrays["k"] = len(kept) // (sae.d_sae // act.k)
    weight = sae.weight[:, columns].float().contiguous()
    return replace(sae, weight=weight, bias=sae.bias[columns], activation=replace(act, **arrays))
