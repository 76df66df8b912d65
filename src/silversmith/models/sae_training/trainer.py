"""Trainer: one update of a sparse autoencoder by a step that stays sparse.

Only the encoder's product is dense. Reconstruction and all gradients touch the active entries alone: 4 to 5
times fewer operations than automatic differentiation of the dense form, which is the oracle in the tests.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from silversmith.core.errors import ModelError
from silversmith.models.sae_training.dictionary import Adam, Dictionary
from silversmith.models.sae_training.settings import Progress, Settings
from silversmith.models.sae_training.sparse import Entries

__all__ = ["Trainer"]

ROWS = 512
"""Rows of the dense product that exist at a time."""
AUX_WEIGHT = 1 / 32
"""Weight of the auxiliary loss (Gao et al. 2024)."""


class Trainer(ABC):
    """Trains a Dictionary on batches of normalised states [batch, d_in]."""

    def __init__(self, settings: Settings, width: int) -> None:
        self.settings = settings
        self.dictionary = Dictionary(settings.latents, width, settings.seed)
        names = ("encoder", "bias", "decoder", *self.more)
        self.optimiser = Adam({name: getattr(self.dictionary, name) for name in names})
        self.count = 0
        self.revived = 0
        self.decay_from = round(settings.steps * (1 - settings.decay))
        self.end = settings.steps
        self.last_fired = torch.zeros(settings.latents, dtype=torch.long)
        self._raw = torch.empty(ROWS, settings.latents)

    more: tuple[str, ...] = ()
    """Parameters beside encoder, bias and decoder."""

    @abstractmethod
    def pick(self, raw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Entries that take part in a step, from pre-activations [rows, latents].

        Returns entries in each row [rows], columns [entries], pre-activations [entries].
        """

    @abstractmethod
    def activate(self, columns: Tensor, z: Tensor) -> Tensor:
        """Activations [entries] of pre-activations; 0 where a latent is not active."""

    def begin(self, x: Tensor) -> None:
        """What has to be measured on the first batch."""
        del x

    def more_gradients(self, entries: Entries, z: Tensor, a: Tensor, upstream: Tensor) -> dict[str, Tensor]:
        """Gradients of the parameters in `more`."""
        return {}

    def decay_now(self) -> None:
        """Begin the decay at once; the training is over when it is."""
        length = self.end - self.decay_from
        self.decay_from, self.end = self.count, self.count + length

    def rate(self) -> float:
        """Learning rate of the coming step."""
        up = (self.count + 1) / max(1.0, self.settings.warmup * self.settings.steps)
        down = (self.end - self.count) / max(1, self.end - self.decay_from)
        return self.settings.lr * min(1.0, up, down)

    def dead(self) -> Tensor:
        """Latents silent for too long: bool [latents]."""
        return (self.count - self.last_fired) * self.settings.batch > self.settings.dead_after

    def step(self, x: Tensor) -> Progress:
        """One update. Raises ModelError S052, nothing changed, if the loss is not a finite number."""
        if self.count == 0:
            self.begin(x)
        dead = self.dead()
        wake = dead.nonzero()[:, 0] if self.settings.revive == "auxk" else dead.new_zeros(0, dtype=torch.long)
        entries, z, aux = self._read(x, wake)
        a = self.activate(entries.columns, z)
        error = entries.times(a, self.dictionary.decoder) - x
        lost, total = error.pow(2).sum(), (x - x.mean(0)).pow(2).sum()
        if not bool(torch.isfinite(lost)):
            raise ModelError("S052", f"the loss of step {self.count + 1} is {float(lost)}: training diverged")
        self._update(self._gradients(x, entries, z, a, error, aux))
        self.count += 1
        self.last_fired[entries.columns[a > 0]] = self.count
        every = max(1, self.settings.dead_after // self.settings.batch)
        if self.settings.revive == "resample" and self.count % every == 0 and self.count < self.decay_from:
            self._resample(self.dead(), x, error)
        l0 = float((a > 0).sum()) / len(x)
        return Progress(self.count, 1 - float(lost / total), l0, float(dead.float().mean()))

    def encode(self, x: Tensor) -> tuple[Entries, Tensor]:
        """Entries and activations of normalised states; a latent that is not active has activation 0."""
        entries, z, _ = self._read(x, torch.zeros(0, dtype=torch.long))
        return entries, self.activate(entries.columns, z)

    def _read(self, x: Tensor, wake: Tensor) -> tuple[Entries, Tensor, tuple[Entries, Tensor] | None]:
        """The dense product, a few rows at a time: entries, pre-activations; the same of silent latents."""
        parts, silent = [], []
        parts_of = self.dictionary
        each = min(2 * self.settings.k, len(wake))
        for rows in torch.split(x, ROWS):
            raw = torch.addmm(parts_of.bias, rows, parts_of.encoder.T, out=self._raw[: len(rows)])
            parts.append(self.pick(raw))
            if each:
                values, places = raw[:, wake].topk(each, dim=1, sorted=False)
                silent.append((values.clamp_(min=0), wake[places]))
        sizes, columns, z = (torch.cat(column) for column in zip(*parts, strict=True))
        indptr = torch.cat([torch.zeros(1, dtype=torch.long), sizes.cumsum(0)])
        entries = Entries(indptr, columns, self.settings.latents)
        if not each:
            return entries, z, None
        values, columns = (torch.cat(column) for column in zip(*silent, strict=True))
        return entries, z, (Entries.even(columns, self.settings.latents), values.reshape(-1))

    def _gradients(
        self,
        x: Tensor,
        entries: Entries,
        z: Tensor,
        a: Tensor,
        error: Tensor,
        aux: tuple[Entries, Tensor] | None,
    ) -> dict[str, Tensor]:
        """Gradients of (squared errors + AUX_WEIGHT x auxiliary squared errors) / batch."""
        pull = error * (2 / len(x))
        upstream = entries.sampled(pull, self.dictionary.decoder)
        back = upstream * (a > 0)
        found = {
            "decoder": entries.transposed_times(a, pull),
            "encoder": entries.transposed_times(back, x),
            "bias": entries.sums(back),
            **self.more_gradients(entries, z, a, upstream),
        }
        if aux is not None:
            silent, values = aux
            # silent latents explain what is left over: the error counts as a constant
            pull = (silent.times(values, self.dictionary.decoder) + error) * (2 * AUX_WEIGHT / len(x))
            back = silent.sampled(pull, self.dictionary.decoder) * (values > 0)
            found["decoder"] += silent.transposed_times(values, pull)
            found["encoder"] += silent.transposed_times(back, x)
            found["bias"] += silent.sums(back)
        return found

    def _update(self, gradients: dict[str, Tensor]) -> None:
        rate = self.rate()
        for name, gradient in gradients.items():
            self.optimiser.step(name, gradient, rate, self.count + 1)
        self.dictionary.unit()

    def _resample(self, dead: Tensor, x: Tensor, error: Tensor) -> None:
        """Point dead latents at the states reconstructed worst (Bricken et al. 2023)."""
        names = dead.nonzero()[:, 0]
        if not len(names):
            return
        worst = error.pow(2).sum(1).topk(min(len(names), len(x) // 4)).indices
        names = names[: len(worst)]
        direction = -error[worst] / error[worst].norm(dim=1, keepdim=True)
        parts = self.dictionary
        parts.decoder[names], parts.encoder[names], parts.bias[names] = direction, direction, 0
        self.optimiser.forget(names)
        self.last_fired[names] = self.count
        self.revived += len(names)

    def tensors(self) -> dict[str, Tensor]:
        """Everything that the coming steps depend on, by name (beside the numbers in `counters`)."""
        return {**self.dictionary.tensors(), **self.optimiser.tensors(), "last_fired": self.last_fired}

    def counters(self) -> dict[str, int]:
        """The numbers that belong to `tensors`."""
        return {name: getattr(self, name) for name in ("count", "revived", "decay_from", "end")}

    def restore(self, tensors: dict[str, Tensor], counters: dict[str, int]) -> None:
        """Go on from `tensors` and `counters`."""
        for name, tensor in self.tensors().items():
            tensor.copy_(tensors[name])
        for name in self.counters():
            setattr(self, name, counters[name])
