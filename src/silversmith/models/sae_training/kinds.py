"""The two activations: TopK (Gao et al. 2024) and JumpReLU (Rajamanoharan et al. 2024)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from silversmith.models.sae_training.settings import Settings
from silversmith.models.sae_training.sparse import Entries
from silversmith.models.sae_training.trainer import ROWS, Trainer

__all__ = ["JumpReluTrainer", "TopKTrainer", "make_trainer"]

BANDWIDTH = 0.2
"""Width of the straight-through estimator's window, in units of the first threshold."""
PRESSURE = 10.0
"""Weight of the loss (L0 / k - 1) ** 2, in units of k times the first threshold squared."""


class TopKTrainer(Trainer):
    """The k largest pre-activations of each piece, negative ones as 0."""

    def pick(self, raw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See Trainer."""
        values, columns = raw.topk(self.settings.k, dim=1, sorted=False)
        return torch.full((len(raw),), self.settings.k), columns.reshape(-1), values.reshape(-1)

    def activate(self, columns: Tensor, z: Tensor) -> Tensor:
        """See Trainer."""
        return z.clamp(min=0)


class JumpReluTrainer(Trainer):
    """z where z > threshold, else 0; one threshold a latent, learned so that k are active on average.

    The step function has no gradient; the straight-through estimator takes that of a box kernel around the
    threshold. Thresholds start where k latents are active on the first batch. `window`: the kernel's width.
    """

    more = ("log_threshold",)

    def __init__(self, settings: Settings, width: int) -> None:
        super().__init__(settings, width)
        self.window = torch.zeros(1)
        self.start = torch.zeros(1)

    def begin(self, x: Tensor) -> None:
        """Thresholds at the mean of the k-th largest pre-activation."""
        parts = self.dictionary
        lowest = [
            torch.addmm(parts.bias, rows, parts.encoder.T).topk(self.settings.k, dim=1).values[:, -1]
            for rows in torch.split(x, ROWS)
        ]
        first = float(torch.cat(lowest).mean().clamp(min=1e-3))
        parts.log_threshold.fill_(math.log(first))
        self.start.fill_(first)
        self.window.fill_(BANDWIDTH * first)

    def pick(self, raw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """All above the lower edge of their window; see Trainer."""
        edge = (self.dictionary.log_threshold.exp() - self.window / 2).clamp_(min=0)
        rows, columns = (raw > edge).nonzero(as_tuple=True)
        return torch.bincount(rows, minlength=len(raw)), columns, raw[rows, columns]

    def activate(self, columns: Tensor, z: Tensor) -> Tensor:
        """See Trainer."""
        return z * (z > self.dictionary.log_threshold.exp()[columns])

    def more_gradients(self, entries: Entries, z: Tensor, a: Tensor, upstream: Tensor) -> dict[str, Tensor]:
        """Of the squared errors and of PRESSURE, by the estimator, of the threshold's logarithm."""
        threshold = self.dictionary.log_threshold.exp()
        theta, window, k = threshold[entries.columns], float(self.window), self.settings.k
        inside = ((z - theta).abs() < window / 2) / window
        l0 = float((a > 0).sum()) / entries.rows
        push = PRESSURE * k * float(self.start) ** 2 * 2 * (l0 / k - 1) / k
        slope = -inside * (theta * upstream + push / entries.rows)
        return {"log_threshold": entries.sums(slope) * threshold}

    def tensors(self) -> dict[str, Tensor]:
        """See Trainer."""
        return {**super().tensors(), "window": self.window, "start": self.start}


def make_trainer(settings: Settings, width: int) -> Trainer:
    """The trainer of `settings.kind`."""
    return {"topk": TopKTrainer, "jumprelu": JumpReluTrainer}[settings.kind](settings, width)
