"""Dictionary: the parameters of an autoencoder in training, and Adam, which changes them in place."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["Adam", "Dictionary"]


class Dictionary:
    """Parameters in the space of normalised inputs; one row a latent.

    encoder, decoder: float32 [latents, d_in], rows of the decoder of length 1. bias: [latents].
    log_threshold: [latents], used by jumprelu alone.
    """

    def __init__(self, latents: int, width: int, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.decoder = torch.randn(latents, width, generator=generator)
        self.unit()
        self.encoder = self.decoder.clone()
        self.bias = torch.zeros(latents)
        self.log_threshold = torch.zeros(latents)

    def tensors(self) -> dict[str, Tensor]:
        """By name."""
        return dict(vars(self))

    def unit(self) -> None:
        """Decoder rows back to length 1."""
        self.decoder /= self.decoder.norm(dim=1, keepdim=True)


class Adam:
    """Adam (Kingma and Ba 2015); its moments are part of a checkpoint."""

    def __init__(self, parameters: dict[str, Tensor]) -> None:
        self.parameters = parameters
        self.first = {name: torch.zeros_like(tensor) for name, tensor in parameters.items()}
        self.second = {name: torch.zeros_like(tensor) for name, tensor in parameters.items()}
        self._scratch = torch.empty(max(tensor.numel() for tensor in parameters.values()))

    def step(self, name: str, gradient: Tensor, lr: float, count: int) -> None:
        """One update of one parameter; count: steps so far, this one included."""
        correct = lr * math.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        first, second, parameter = self.first[name], self.second[name], self.parameters[name]
        first.lerp_(gradient, 0.1)
        second.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
        root = self._scratch[: parameter.numel()].view_as(parameter)
        torch.sqrt(second, out=root).add_(1e-8)
        parameter.addcdiv_(first, root, value=-correct)

    def forget(self, rows: Tensor) -> None:
        """Zero moments for the latents of an index."""
        for moments in (self.first, self.second):
            for tensor in moments.values():
                tensor[rows] = 0

    def tensors(self) -> dict[str, Tensor]:
        """By name."""
        parts = {"first": self.first, "second": self.second}
        return {f"{part}.{name}": tensor for part, each in parts.items() for name, tensor in each.items()}
