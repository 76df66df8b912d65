"""Vectors of names, kept in the folder of an index: what was asked once is not encoded again.

Encoding a name costs a pass through the encoder's blocks, which takes longer than scanning a million phrases.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from silversmith.models.concepts import ConceptEncoder

__all__ = ["CACHE", "name_vectors"]

CACHE = "names.safetensors"
MOST = 20_000
"""Names that are kept; a cache that would grow beyond them begins anew."""

Floats = NDArray[np.float32]


def name_vectors(folder: Path, encoder: ConceptEncoder, names: Sequence[str]) -> Floats:
    """The encoder's vectors of names, float32 [names, size], from the folder's cache where they are there.

    A cache that can't be read, or is of another encoder, counts as empty; one that can't be written is left.
    """
    asked = [" ".join(name.lower().split()) for name in names]
    identity = json.dumps(encoder.identity(), sort_keys=True)
    known = _read(folder / CACHE, identity)
    missing = [name for name in dict.fromkeys(asked) if name not in known]
    if missing:
        known = (
            known
            if len(known) + len(missing) <= MOST
            else {name: known[name] for name in asked if name in known}
        )
        known |= dict(zip(missing, encoder.names(missing), strict=True))
        _write(folder / CACHE, identity, known)
    return np.stack([known[name] for name in asked]) if asked else encoder.names([])


def _read(path: Path, identity: str) -> dict[str, Floats]:
    """Name -> vector."""
    with (
        contextlib.suppress(OSError, SafetensorError, ValueError, KeyError),
        safe_open(path, "numpy") as file,
    ):
        meta = file.metadata()
        if meta["model"] == identity:
            return dict(zip(json.loads(meta["names"]), file.get_tensor("vectors"), strict=True))
    return {}


def _write(path: Path, identity: str, known: dict[str, Floats]) -> None:
    """Aside and renamed; an index in a place that can't be written to is asked all the same."""
    aside = path.with_suffix(".new")
    with contextlib.suppress(OSError, SafetensorError):
        save_file(
            {"vectors": np.stack(list(known.values()))},
            aside,
            {"model": identity, "names": json.dumps(list(known))},
        )
        aside.replace(path)
