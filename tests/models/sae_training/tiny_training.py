"""States with a known dictionary, and a tiny stream of them."""

import numpy as np
import torch

from silversmith.models.sae_training import Settings, StoredStates


def settings(**changes):
    values = {"latents": 40, "k": 4, "tokens": 1280, "batch": 64, "dead_after": 320, "buffer_mb": 0.02}
    return Settings(**{**values, **changes})


def sparse_states(rows, width=12, words=40, each=3, seed=5):
    """Sums of `each` of `words` random directions, shifted."""
    dice = torch.Generator().manual_seed(seed)
    directions = torch.randn(words, width, generator=dice)
    chosen = torch.rand(rows, words, generator=dice).topk(each, dim=1).indices
    return directions[chosen].sum(1) * 3 + torch.arange(width)


def stored(folder, files=4, rows=500, width=12, seed=0):
    """Arrays on disk as a stream of states at tap 2."""
    folder.mkdir(exist_ok=True)
    names = []
    for number in range(files):
        names.append(folder / f"b2-{number:05}.npy")
        np.save(names[-1], sparse_states(rows, width, seed=7 + number).numpy())
    return StoredStates(names, 2, {"name": "tiny"}, seed)
