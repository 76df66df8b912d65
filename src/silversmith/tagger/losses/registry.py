"""Every loss by name."""

from __future__ import annotations

from typing import Any

from silversmith.core import ConfigError
from silversmith.core.errors import nearest
from silversmith.tagger.losses.base import Loss
from silversmith.tagger.losses.bond import Bond
from silversmith.tagger.losses.co_training import CoTraining
from silversmith.tagger.losses.cross_entropy import CrossEntropy
from silversmith.tagger.losses.expected_ratio import ExpectedRatio
from silversmith.tagger.losses.generalised import GeneralisedCrossEntropy
from silversmith.tagger.losses.marginal_crf import MarginalCrf
from silversmith.tagger.losses.negative_sampling import NegativeSampling
from silversmith.tagger.losses.robust import Robust
from silversmith.tagger.tags import TagSet

__all__ = ["LOSSES", "make_loss"]

LOSSES: dict[str, type[Loss]] = {
    "cross-entropy": CrossEntropy,
    "robust": Robust,
    "expected-ratio": ExpectedRatio,
    "marginal-crf": MarginalCrf,
    "negative-sampling": NegativeSampling,
    "generalised": GeneralisedCrossEntropy,
    "bond": Bond,
    "co-training": CoTraining,
}
"""Every loss by the name that `train --loss` takes (auto apart)."""


def make_loss(name: str, tags: TagSet, **options: Any) -> Loss:
    """A loss by name. Raises ConfigError: K003 no such loss, K001 an option that it doesn't have."""
    if name not in LOSSES:
        raise ConfigError("K003", f"there is no loss {name!r}", remedy=nearest(name, ["auto", *LOSSES]))
    known = LOSSES[name].defaults
    for key in options:
        if key not in known:
            raise ConfigError(
                "K001", f"loss {name} has no option {key!r}", remedy=nearest(key, known) if known else None
            )
    return LOSSES[name](tags, **options)
