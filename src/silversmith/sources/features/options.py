"""Options: every choice of the source in one frozen value, the paper's and ours."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from silversmith.core.errors import ConfigError, nearest

__all__ = ["Options", "Role", "Rule", "Scale", "make_options"]

Role = Literal["span", "first", "last", "left", "right"]
"""Part of a span that is read: all its pieces, its first or last one, the piece before or after it."""

Scale = Literal["raw", "log1p", "log", "sqrt", "binary"]
"""A map of activations that keeps 0 at 0; "log" is the literal logarithm of what is above 1."""

Rule = Literal["precision", "shrunk", "log_odds", "naive_bayes", "logistic"]
"""How evidence is weighed: "precision" is the paper's. "logistic" was best on dev from 8 documents on."""


class Options(BaseModel):
    """How spans are read, how evidence is weighed and what is decided.

    `Options()` is the default of this house, `Options.paper()` the published method. Where the paper
    leaves something open, the field's docstring says what is open.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    roles: tuple[Role, ...] = Field(default=("span", "first", "last", "left", "right"), min_length=1)
    """Representations put side by side. Paper: the span alone."""
    pooling: Literal["norm", "mean", "max"] = "mean"
    """Weights of a span's pieces. Paper: "norm", equation 4."""
    pieces: Literal["all", "first", "last"] = "all"
    """Which pieces of a span are pooled. The paper does not say; all that meet its characters."""
    token_scale: Scale = "log1p"
    """Map of the activations before pooling. Paper: "raw"."""
    token_gain: float = Field(default=0.3, gt=0)
    """Factor inside `token_scale`."""
    span_scale: Scale = "raw"
    """Map of the pooled vector (equation 5). The paper's log of 0 is open: "log1p" there."""
    max_density: float | None = Field(default=None, gt=0, le=1)
    """Latents active on a larger share of tokens are ignored. Paper: 0.02; of tokens or documents is open."""
    cues: bool = True
    """Whether letter shapes, length and mention probability stand beside the latents. Paper: no."""
    k: int | None = Field(default=None, ge=1)
    """Values kept a span, after the density mask, above 0 only. The paper's k is open: 32 there."""

    rule: Rule = "logistic"
    q: float | None = Field(default=None, ge=0, le=100)
    """Percentile of equation 6, linear interpolation; None: every value above 0 counts. Paper: open, 50."""
    n_min: int = Field(default=10, ge=1)
    """Cached values that a latent needs to be mapped by a counting rule."""
    n_hits: int = Field(default=5, ge=1)
    """Values above the threshold that it needs."""
    t_p: float = Field(default=0.5, ge=0, le=1)
    """T_P of equation 8; the paper gives no value."""
    bound: Literal["plain", "wilson"] = "plain"
    """What T_P is compared with: the precision or its Wilson lower bound (95 %)."""
    outside_row: bool = True
    """Whether M has a row for O (the paper's equations 7 and 8 disagree)."""
    kappa: float = Field(default=10.0, ge=0)
    """Pseudo-counts of shrunk precision."""
    alpha: float = Field(default=5.0, gt=0)
    """Pseudo-counts of log-odds and naive Bayes."""
    rho: float = Field(default=0.5, ge=0, le=1)
    """Naive Bayes: the sum is divided by (active latents) ** rho, since latents are correlated."""
    gate: Literal["one", "ratio"] = "one"
    """Naive Bayes: an active latent counts 1, or min(1, value / threshold)."""
    prior: Literal["uniform", "counts"] = "uniform"
    """Bias of log-odds and naive Bayes."""
    penalty: Literal["l2", "l1", "elastic"] = "l2"
    strength: float = Field(default=0.3, gt=0)
    """Logistic: the C of sum of losses + penalty / C; larger fits closer."""
    cue_penalty: float = Field(default=1.0, gt=0)
    """Logistic: how many times harder cues are held back than latents, so that latents speak first."""
    tolerance: float = Field(default=1e-3, gt=0)
    """Logistic: the relative fall of the objective at which a fit ends; smaller changes no F1, only time."""
    min_support: int = Field(default=3, ge=1)
    """Logistic: mapping spans in which a column must be active."""
    class_weight: Literal["none", "balanced"] = "none"

    negatives: float | None = Field(default=None, ge=0)
    """lambda: O examples per gold span; None: every candidate that is no gold span. Paper: open, 1."""
    negative_iou: float = Field(default=1.0, ge=0, le=1)
    """Candidates that overlap a gold span by more than this (intersection over union) are no O examples."""

    doubt: Literal["none", "unlabelled"] = "none"
    """Of silver: candidates that nobody labelled but that look labelled are left out of the fit."""

    t_conf: float = 0.35
    """T_conf of equation 10."""
    confidence: Literal["probability", "score", "entity"] = "entity"
    """What T_conf is compared with: p of the best type (the paper's .45 and .65), its score (the paper's
    equation 10), or 1 - p(O)."""
    nested: bool = False
    """Whether nested spans are kept; crossing ones never are."""
    temperature: float | None = Field(default=None, gt=0)
    """p = softmax(S / T); None: found on mapping documents that were held out. Paper: 1."""
    folds: int = Field(default=3, ge=2)
    """Folds of cross-validation, by document."""
    cv_documents: int = Field(default=200, ge=2)
    """Up to so many documents are cross-validated for the temperature; of more, a fifth is held out."""
    seed: int = 0

    @classmethod
    def paper(cls, **changes: object) -> Options:
        """Equations 3 to 10 as published, with the defaults that the paper leaves open."""
        published = {
            "roles": ("span",),
            "pooling": "norm",
            "token_scale": "raw",
            "token_gain": 1.0,
            "span_scale": "log1p",
            "max_density": 0.02,
            "k": 32,
            "cues": False,
            "rule": "precision",
            "q": 50.0,
            "negatives": 1.0,
            "negative_iou": 0.5,
            "temperature": 1.0,
            "t_conf": 0.5,
            "confidence": "probability",
        }
        return make_options(**(published | changes))

    def changed(self, **changes: object) -> Options:
        """The same options with some replaced, checked anew."""
        return make_options(**(self.model_dump() | changes))


def make_options(**values: object) -> Options:
    """Options from keys and values. Raises ConfigError M001 unknown key (nearest named), M002 bad value."""
    for key in values:
        if key not in Options.model_fields:
            raise ConfigError(
                "M001", f"there is no option {key!r}", remedy=nearest(key, Options.model_fields)
            )
    try:
        return Options.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise ConfigError("M002", f"option {key!r}: {first['msg']}") from None
