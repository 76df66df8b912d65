"""Normaliser: what happens to states before training; folded into the weights afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from silversmith.core.errors import ModelError
from silversmith.models.sae_training.settings import Settings

__all__ = ["Normaliser"]


@dataclass(frozen=True)
class Normaliser:
    """x' = (x - mean) / scale. mean, scale: float32 [d_in]. limit: outliers' norm is above.

    Attention sinks and the like have norms a hundred times the others' in some models: alone they would
    decide scale and loss.
    """

    mean: Tensor
    scale: Tensor
    limit: float
    outliers: str = "drop"

    @classmethod
    def measure(cls, sample: Tensor, settings: Settings) -> Normaliser:
        """From a sample of states [n, d_in]. Raises ModelError S052 if they aren't finite numbers."""
        if not bool(torch.isfinite(sample).all()):
            raise ModelError(
                "S052", "the model's states hold NaN or infinite values", remedy="try --dtype fp32"
            )
        norms = sample.norm(dim=1)
        limit = float(norms.median()) * settings.outlier_factor
        kept = sample if settings.outliers == "keep" else sample[norms <= limit]
        mean = kept.mean(0) if settings.centre else torch.zeros(sample.shape[1])
        deviation = (kept - mean).pow(2).mean(0).sqrt().clamp_(min=1e-6)
        scale = {
            "none": torch.ones_like(mean),
            "scalar": deviation.pow(2).mean().sqrt().expand_as(mean).clone(),
            "diagonal": deviation,
        }[settings.norm]
        return cls(mean, scale, limit, settings.outliers)

    def __call__(self, x: Tensor) -> tuple[Tensor, int]:
        """(normalised rows, number of outliers among the given ones); NaN and infinity are passed on."""
        norms = x.norm(dim=1)
        far = (norms > self.limit) & torch.isfinite(norms)
        count = int(far.sum())
        if count and self.outliers == "drop":
            x = x[~far]
        elif count and self.outliers == "clip":
            x = x.clone()
            x[far] *= self.limit / x[far].norm(dim=1, keepdim=True)
        return (x - self.mean) / self.scale, count

    def tensors(self) -> dict[str, Tensor]:
        """By name, for a checkpoint."""
        return {"mean": self.mean, "scale": self.scale}
