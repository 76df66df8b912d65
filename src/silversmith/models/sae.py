"""SparseAutoencoder: the encoder of a sparse autoencoder, folded into one product and one activation.

a = act(norm(x) @ W + b), kept as a sparse matrix. Kernels: see models.sae_kernels.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from silversmith.models.sae_kernels import Csr, encode_states

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
    """An encoder ready to run. weight: float32, bf16 or fp16 [d_in, d_sae]; bias: float32 [d_sae].

    16-bit weights (mapped from a file, as `open_converted` gives them) are widened chunk by chunk: products
    are always float32. The encoder runs where its weight lies (see `to`).
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

    def to(self, device: str | torch.device) -> SparseAutoencoder:
        """The same encoder on another device ("cpu", "cuda")."""
        return replace(self, weight=self.weight.to(device), bias=self.bias.to(device))

    def encode(self, x: NDArray[np.float32] | Tensor, chunk: int | None = None) -> Csr:
        """Activations of states x [pieces, d_in] as float32 CSR [pieces, d_sae], sorted columns, values > 0.

        Exact: the same latents as the dense encoder; of equal values at the k-th place the lower latents
        win. chunk: latents at a time (default: by the device and the number of pieces).
        """
        with torch.inference_mode():
            if isinstance(x, np.ndarray):  # torch wants what it reads to be writable
                x = torch.from_numpy(np.require(x, np.float32, ["C", "W"]))
            return encode_states(self.weight, self.bias, self.activation, self.norm, x, chunk)
