"""A tagger's weights as numpy arrays, without torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from silversmith.core import Artefact
from silversmith.tagger.store import WEIGHTS

__all__ = ["read_weights"]


def read_weights(artefact: Artefact) -> dict[str, NDArray[np.float32]]:
    """Every tensor of the tagger, widened to float32."""
    with safe_open(artefact.path(WEIGHTS), framework="numpy") as file:
        return {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
