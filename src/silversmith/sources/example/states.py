"""States of chosen pieces, for the cosine baseline: what stands before a model's language-model head."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silversmith.models.masked import MaskedModel, Row

__all__ = ["States", "states_of"]

States = Callable[[Sequence[Row]], NDArray[np.float32]]
"""Rows of one batch -> float32 [positions, width], the rows' positions row after row."""


def states_of(model: MaskedModel) -> States | None:
    """How a masked model's states are read; None for causal models and readers that can't give them."""
    reader: Any = model.read
    if model.causal:
        return None
    if hasattr(reader, "states"):
        own: States = reader.states
        return own
    if hasattr(reader, "net"):
        return lambda rows: _before_head(reader, rows)
    if hasattr(reader, "model"):
        return lambda rows: _last_states(reader.model.base_model, rows)
    return None


def _before_head(reader: Any, rows: Sequence[Row]) -> NDArray[np.float32]:
    """The input of our own network's head, which is computed for the positions that are read."""
    import torch

    seen: list[Any] = []
    handle = reader.net.transform.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    try:
        with torch.inference_mode():
            reader(rows)
    finally:
        handle.remove()
    found: NDArray[np.float32] = seen[0].float().numpy()
    return found


def _last_states(encoder: Any, rows: Sequence[Row]) -> NDArray[np.float32]:
    """The last block's output of a model of the transformers library; the rows are equally long."""
    import torch

    ids = torch.from_numpy(np.stack([row.ids for row in rows]))
    with torch.inference_mode():
        states = encoder(input_ids=ids, attention_mask=torch.ones_like(ids))[0]
    numbers = [number for number, row in enumerate(rows) for _ in row.positions]
    places = [place for row in rows for place in row.positions]
    found: NDArray[np.float32] = states[numbers, places].float().numpy()
    return found
