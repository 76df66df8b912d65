"""Draws that hang on a seed and a document's id alone: the same in any order, on any machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import numpy as np

__all__ = ["document_rng", "draw_ids", "hashed"]


def hashed(*parts: object) -> int:
    """A whole number in [0, 2**64) from JSON values, evenly spread."""
    text = json.dumps(parts, ensure_ascii=True)
    return int.from_bytes(hashlib.sha256(text.encode("ascii")).digest()[:8], "big")


def document_rng(document_id: str, *salt: object) -> np.random.Generator:
    """A random generator of one document; salt: the seed and what the numbers are for."""
    return np.random.Generator(np.random.PCG64(hashed(document_id, *salt)))


def draw_ids(ids: Iterable[str], share: float, seed: int = 0) -> frozenset[str]:
    """round(share * n) of the n ids, drawn without replacement; a larger share holds all of a smaller one."""
    ordered = sorted(ids, key=lambda name: (hashed(name, seed, "draw"), name))
    return frozenset(ordered[: round(share * len(ordered))])
