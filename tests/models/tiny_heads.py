"""Heads with random weights, and states to read: no download, no training."""

from __future__ import annotations

import numpy as np

from silversmith.models.encode import Encoded
from silversmith.models.heads import UPOS, Heads
from silversmith.models.shapes import SHAPES
from silversmith.text.words import split_words

TAPS, WIDTH, LONGEST = (1, 3), 8, 5


def tiny_weights(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = {
        "pos.base": (len(TAPS) * WIDTH, 6),
        "pos.shape": (SHAPES, 6),
        "pos.out": (18, len(UPOS)),
        "pos.bias": (len(UPOS),),
        "mention.base": (len(TAPS) * WIDTH, 7),
        "mention.shape": (SHAPES, 7),
        "mention.roles": (7, 20),
        "mention.size": (LONGEST, 4),
        "mention.out": (4,),
        "mention.bias": (1,),
    }
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def tiny_heads(seed: int = 0) -> Heads:
    weights = tiny_weights(seed)
    bases = [weights.pop("pos.base"), weights.pop("mention.base")]
    weights["base"] = np.concatenate(bases, axis=1)
    return Heads(weights, {"taps": list(TAPS), "width": LONGEST})


def tiny_encoded(text: str, seed: int = 0) -> Encoded:
    """Pieces of at most three characters with random states."""
    pieces = [(a, min(a + 3, end)) for start, end in split_words(text) for a in range(start, end, 3)]
    rng = np.random.default_rng(seed)
    offsets = np.array(pieces, np.int32).reshape(-1, 2)
    states = {tap: rng.normal(size=(len(pieces), WIDTH)).astype(np.float32) for tap in TAPS}
    return Encoded(offsets, states)
