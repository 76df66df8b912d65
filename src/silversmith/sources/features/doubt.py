"""Doubt: candidates of silver that nobody labelled, but that look like those that somebody did.

Silver misses entities, and what it misses would teach a mapping that its types are rare. Elkan and Noto
(2008): where the labelled are a fair sample of the entities, a rule that tells labelled from unlabelled gives
an entity p(labelled) = c, the share labelled; c is the mean of what it gives to labelled spans that it
did not see. So about n (1 - c) / c entities hide among the unlabelled, n labelled ones beside them, and those
that the rule takes for entities most are left out of the fit. The rule's own doubt makes c too small, so the
count is an upper estimate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["hidden_entities", "noise_of"]

FEWEST = 0.05
"""The least share that is taken as labelled."""
MOST = 0.5
"""The largest part of the unlabelled that is left out: without some, nothing says what is no entity."""


def hidden_entities(
    scores: NDArray[np.float64], y: NDArray[np.int32]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """(spans to keep [spans], joint [classes, classes]: label given, label likely).

    scores: [spans, classes], by a rule that did not see the span; y: [spans], the labels given; the last
    class is O. Labelled spans all stay; the joint counts where the rule would have named another type.
    """
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = exps / exps.sum(axis=1, keepdims=True)
    outside = scores.shape[1] - 1
    entity, best = 1 - p[:, outside], p[:, :outside].argmax(axis=1)
    labelled = y != outside
    likely, kept = np.where(labelled, best, y), np.ones(len(y), np.bool_)
    if labelled.any():
        share = max(FEWEST, float(entity[labelled].mean()))
        (free,) = np.nonzero(~labelled)
        hidden = min(round(labelled.sum() * (1 - share) / share), int(MOST * len(free)))
        chosen = free[np.argsort(-entity[free], kind="stable")[:hidden]]
        kept[chosen], likely[chosen] = False, best[chosen]
    joint = np.zeros((outside + 1, outside + 1), np.int64)
    np.add.at(joint, (y, likely), 1)
    return kept, joint


def noise_of(joint: NDArray[np.int64], labels: tuple[str, ...]) -> dict[str, dict[str, int]]:
    """Type -> spans given, how many look like another type, and how many may be missing."""
    outside = len(labels) - 1
    return {
        name: {
            "given": int(joint[k].sum()),
            "other_type": int(joint[k].sum() - joint[k, k]),
            "missing": int(joint[outside, k]),
        }
        for k, name in enumerate(labels[:outside])
    }
