"""Settings: what decides a training of a sparse autoencoder; equal settings and text give equal bytes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from silversmith.core.errors import ConfigError, nearest

__all__ = ["Progress", "Settings"]

CHOICES = {
    "kind": ("topk", "jumprelu"),
    "norm": ("none", "scalar", "diagonal"),
    "outliers": ("drop", "clip", "keep"),
    "revive": ("auxk", "resample", "none"),
}
SAMPLE = 16384
"""Pieces at most from which the normalisation is measured; held out of the training."""


@dataclass(frozen=True)
class Settings:
    """Numbers are pieces (sub-word tokens) unless their names say otherwise.

    k: active latents a piece (topk), or the mean that the thresholds aim at (jumprelu). tokens: pieces read.
    passes: how often each is trained on while it is in the buffer. norm: scale of the inputs (one number, or
    one a dimension); centre: subtract their mean. outliers: pieces whose norm is over `outlier_factor` times
    the median: left out, shortened to it, or kept. warmup, decay: shares of the training in which the
    learning rate rises from and falls to zero. revive: what wakes latents silent for `dead_after` pieces.
    plateau: windows of 100 steps without 0.001 of explained variance gained after which the decay begins at
    once (0: never). Raises ConfigError S050 for a value that makes no training.
    """

    latents: int
    k: int
    tokens: int
    kind: Literal["topk", "jumprelu"] = "topk"
    batch: int = 1024
    passes: int = 1
    lr: float = 1e-3
    warmup: float = 0.05
    decay: float = 0.33
    norm: Literal["none", "scalar", "diagonal"] = "diagonal"
    centre: bool = True
    outliers: Literal["drop", "clip", "keep"] = "drop"
    outlier_factor: float = 5.0
    revive: Literal["auxk", "resample", "none"] = "auxk"
    dead_after: int = 200_000
    buffer_mb: float = 128.0
    plateau: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, valid in CHOICES.items():
            if getattr(self, name) not in valid:
                raise ConfigError(
                    "S050",
                    f"{name}: there is no {getattr(self, name)!r}",
                    remedy=nearest(str(getattr(self, name)), valid),
                )
        positive = (
            "latents",
            "k",
            "tokens",
            "batch",
            "passes",
            "lr",
            "outlier_factor",
            "dead_after",
            "buffer_mb",
        )
        for name in positive:
            if not getattr(self, name) > 0:
                raise ConfigError("S050", f"{name}: expected more than 0, found {getattr(self, name)}")
        if self.k > self.latents:
            raise ConfigError("S050", f"k: expected at most the {self.latents} latents, found {self.k}")
        if not (self.warmup >= 0 and self.decay >= 0 and self.warmup + self.decay <= 1):
            raise ConfigError("S050", "warmup and decay: expected shares that sum to 1 at most")
        if self.steps < 1:
            raise ConfigError(
                "S050",
                f"tokens: {self.tokens} are less than one batch of {self.batch}",
                remedy="give more --tokens",
            )

    @property
    def steps(self) -> int:
        """Updates in all."""
        return self.tokens // self.batch * self.passes

    @property
    def sample(self) -> int:
        """Pieces that measure the normalisation and, at the end, the result."""
        return min(SAMPLE, max(self.batch, self.tokens // 10))

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Progress:
    """What a step shows: share of the variance explained, active latents a piece, share of dead latents."""

    step: int
    explained: float
    l0: float
    dead: float
