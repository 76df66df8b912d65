"""TrainOptions: everything that decides a training run, in one checked value."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from silversmith.core import ConfigError
from silversmith.core.errors import nearest

__all__ = ["TrainOptions", "make_train_options"]


class TrainOptions(BaseModel):
    """Options of a run; equal options, documents, machine and threads give equal bytes.

    steps: updates of the weights. budget: pieces a step. rate: peak learning rate of the trunk; that of
    new layers is head_rate times it. warmup: share of the steps. held_out: share of the documents kept
    aside for early stopping (at most held_most of them). evaluate: steps between two looks at them (0:
    twenty looks a run). patience: looks without a better score until the run ends (0: never). hide_case:
    share of windows whose letter shapes are hidden. window: pieces of a window, overlap: those shared by two.
    precision: fp32, or bf16 (products in 16 bits, for a GPU). device: cpu, cuda, or auto (a GPU if there is
    one).
    loss_options: of the loss chosen, e.g. {"q": 0.7}.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: str = "mini"
    loss: str = "auto"
    loss_options: dict[str, Any] = Field(default_factory=dict)
    steps: int = Field(default=600, ge=1)
    budget: int = Field(default=1024, ge=16)
    rate: float = Field(default=1e-4, gt=0)
    head_rate: float = Field(default=10.0, gt=0)
    warmup: float = Field(default=0.1, ge=0, le=1)
    decay: float = Field(default=0.01, ge=0)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    clip: float = Field(default=1.0, gt=0)
    shapes: bool = True
    hide_case: float = Field(default=0.05, ge=0, le=1)
    train_embeddings: bool = False
    seed: int = Field(default=0, ge=0)
    held_out: float = Field(default=0.1, ge=0, lt=1)
    held_most: int = Field(default=100, ge=1)
    evaluate: int = Field(default=0, ge=0)
    patience: int = Field(default=6, ge=0)
    window: int = Field(default=382, ge=8)
    overlap: int = Field(default=96, ge=0)
    device: str = "auto"
    precision: str = Field(default="fp32", pattern="^(fp32|bf16)$")

    @property
    def look(self) -> int:
        """Steps between two looks at the held-out documents."""
        return self.evaluate or max(1, self.steps // 20)


def make_train_options(**values: Any) -> TrainOptions:
    """Checked options. Raises ConfigError: K001 an unknown option, K002 a bad value."""
    for name in values:
        if name not in TrainOptions.model_fields:
            raise ConfigError(
                "K001", f"unknown option {name!r}", remedy=nearest(name, TrainOptions.model_fields)
            )
    try:
        return TrainOptions(**values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise ConfigError("K002", f"option {key!r}: {first['msg']}, found {first['input']!r}") from None
