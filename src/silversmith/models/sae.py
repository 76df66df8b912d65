"""SparseAutoencoder: the encoder of a sparse autoencoder, folded into one product and one activation.

a = act(norm(x) @ W + b), kept as a sparse matrix. The encoder runs in chunks of features, so that the
dense matrix pieces x latents never exists for wide dictionaries.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

__all__ = ["Activation", "Norm", "SparseAutoencoder"]


@dataclass(frozen=True, slots=True)
class Activation:
    """The non-linearity. threshold: a number or [d_sae] (jumprelu: z if z > threshold, strictly).

    topk: per piece the k largest positive values. groupmax: the maximum of each of k equal groups.
    gated: (z_raw + gate_bias > 0) * relu(z_raw * exp(r_mag) + mag_bias), with b = 0.
    """

    kind: Literal["relu", "jumprelu", "topk", "groupmax", "gated"]
    threshold: float | NDArray[np.float32] = 0.0
    k: int = 0
    gate_bias: NDArray[np.float32] | None = None
    r_mag: NDArray[np.float32] | None = None
    mag_bias: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Norm:
    """What happens to a state before the product; d = its width.

    centre: subtract the mean over d (models whose tool centred the residual stream).
    constant_norm_rescale: x * sqrt(d) / |x|. layer_norm: (x - mean) / (unbiased sd + 1e-5).
    """

    kind: Literal["none", "constant_norm_rescale", "layer_norm"] = "none"
    centre: bool = False

    def __call__(self, x: Tensor) -> Tensor:
        """x: [pieces, d] -> the same shape."""
        if self.centre:
            x = x - x.mean(dim=1, keepdim=True)
        if self.kind == "constant_norm_rescale":
            x = x * (float(x.shape[1]) ** 0.5 / torch.linalg.vector_norm(x, dim=1, keepdim=True))
        elif self.kind == "layer_norm":
            x = x - x.mean(dim=1, keepdim=True)
            x = x / (x.std(dim=1, keepdim=True) + 1e-5)
        return x


@dataclass(frozen=True)
class SparseAutoencoder:
    """An encoder ready to run. weight: float32 [d_in, d_sae]; bias: float32 [d_sae].

    tap: blocks passed before its residual stream is read (see models.encode). source: where it came
    from (repository, path, checksum, licence, links), kept in manifests.
    """

    name: str
    weight: Tensor
    bias: Tensor
    activation: Activation
    tap: int
    norm: Norm = field(default_factory=Norm)
    source: dict[str, Any] = field(default_factory=dict)

    @property
    def d_in(self) -> int:
        """Width of the residual stream."""
        return self.weight.shape[0]

    @property
    def d_sae(self) -> int:
        """Number of latents."""
        return self.weight.shape[1]

    def identity(self) -> dict[str, Any]:
        """What must be equal for a mapping to be usable."""
        return {"name": self.name, "tap": self.tap, "d_sae": self.d_sae, "sha256": self.source.get("sha256")}

    def encode(self, x: NDArray[np.float32] | Tensor, chunk: int = 8192) -> sparse.csr_array:
        """Activations of states x [pieces, d_in] as float32 CSR [pieces, d_sae], sorted columns.

        chunk: latents at a time; peak memory above the weights is about pieces * chunk * 8 bytes.
        """
        with torch.inference_mode():
            if isinstance(x, np.ndarray):  # torch wants what it reads to be writable
                x = torch.from_numpy(np.require(x, np.float32, ["C", "W"]))
            states = self.norm(x.float())
            pieces = len(states)
            if pieces == 0:
                return sparse.csr_array(np.empty((0, self.d_sae), np.float32))
            if self.activation.kind == "topk":
                rows, columns, values = self._topk(states, chunk)
            elif self.activation.kind == "groupmax":
                rows, columns, values = self._groupmax(states)
            else:
                rows, columns, values = self._threshold(states, chunk)
        matrix = sparse.coo_array((values.numpy(), (rows.numpy(), columns.numpy())), (pieces, self.d_sae))
        csr: sparse.csr_array = sparse.csr_array(matrix)
        csr.sort_indices()
        return csr

    def _raw(self, x: Tensor, start: int, end: int) -> Tensor:
        """x @ W + b for latents [start, end)."""
        return torch.addmm(self.bias[start:end], x, self.weight[:, start:end])

    def _topk(self, x: Tensor, chunk: int) -> tuple[Tensor, Tensor, Tensor]:
        """Running top k over chunks of latents: the k best so far compete with each chunk's best."""
        best = torch.full((len(x), 0), 0.0)
        where = torch.zeros((len(x), 0), dtype=torch.long)
        for start in range(0, self.d_sae, chunk):
            end = min(start + chunk, self.d_sae)
            values, columns = self._raw(x, start, end).topk(
                min(self.activation.k, end - start), dim=1, sorted=False
            )
            best, where = torch.cat([best, values], 1), torch.cat([where, columns + start], 1)
            if best.shape[1] > self.activation.k:
                best, order = best.topk(self.activation.k, dim=1, sorted=False)
                where = where.gather(1, order)
        rows, slots = (best > 0).nonzero(as_tuple=True)
        return rows, where[rows, slots], best[rows, slots]

    def _groupmax(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One latent a group: the largest, if positive."""
        groups = self.activation.k
        size = self.d_sae // groups
        values, inner = self._raw(x, 0, self.d_sae).view(len(x), groups, size).max(dim=2)
        rows, group = (values > 0).nonzero(as_tuple=True)
        return rows, inner[rows, group] + group * size, values[rows, group]

    def _threshold(self, x: Tensor, chunk: int) -> tuple[Tensor, Tensor, Tensor]:
        """ReLU, JumpReLU and gated: each latent by itself, chunk by chunk."""
        parts = []
        for start in range(0, self.d_sae, chunk):
            end = min(start + chunk, self.d_sae)
            values = self._activate(self._raw(x, start, end), start, end)
            rows, columns = values.nonzero(as_tuple=True)
            parts.append((rows, columns + start, values[rows, columns]))
        rows, columns, kept = (torch.cat(column) for column in zip(*parts, strict=True))
        return rows, columns, kept

    def _activate(self, z: Tensor, start: int, end: int) -> Tensor:
        """The activation of latents [start, end) on their pre-activations z."""
        act = self.activation
        if act.kind == "gated":
            parts = (act.gate_bias, act.r_mag, act.mag_bias)
            gate, scale, bias = (torch.as_tensor(part)[start:end] for part in parts)
            return (z + gate > 0) * torch.relu(z * scale.exp() + bias)
        z = torch.relu(z)
        if act.kind == "jumprelu":
            theta = (
                act.threshold
                if isinstance(act.threshold, float)
                else torch.as_tensor(act.threshold[start:end])
            )
            return z * (z > theta)
        return z
