"""One batch made by hand for the losses."""

from types import SimpleNamespace

import torch

from silversmith.tagger.losses import Step
from silversmith.tagger.tags import TagSet

TAGS = TagSet(("LOC", "PER"))


def make_step(scores, tags, *, certain=None, bounds=None, number=0, total=10, transitions=None, **more):
    """A Step of scores [words, K] and tags; by default one window, nothing certain."""
    size = len(scores)
    return Step(
        scores=scores,
        tags=torch.as_tensor(tags),
        certain=torch.zeros(size, dtype=torch.bool)
        if certain is None
        else torch.as_tensor(certain, dtype=torch.bool),
        spans=more.pop("spans", torch.zeros(0, 3, dtype=torch.int64)),
        bounds=bounds or [0, size],
        words=torch.arange(size),
        number=number,
        total=total,
        network=more.pop("network", SimpleNamespace(transitions=transitions)),
        again=more.pop("again", lambda network: scores),
    )


def random_scores(size, seed=0):
    return torch.randn(size, len(TAGS), generator=torch.Generator().manual_seed(seed)).requires_grad_()
