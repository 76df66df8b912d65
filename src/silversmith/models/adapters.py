"""Models that other interpretability libraries have loaded, as a Forward (see models.language_model)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["NnsightForward", "TransformerLensForward"]


class TransformerLensForward:
    """A TransformerLens model: `blocks.L.hook_resid_post`, stopped after the last layer that is needed.

    Its processing (folded norms, centred weights) is part of what it computes: a model loaded with centred
    writing weights gives centred states.
    """

    def __init__(self, model: Any) -> None:
        self.model, self.config = model, None
        self.width, self.depth = int(model.cfg.d_model), int(model.cfg.n_layers)

    def __call__(self, ids: Tensor, mask: Tensor, taps: Sequence[int]) -> list[Tensor]:
        """See Forward. Padding stands on the right, so a causal model needs no mask."""
        names = {
            tap: "blocks.0.hook_resid_pre" if tap == 0 else f"blocks.{tap - 1}.hook_resid_post"
            for tap in taps
        }
        wanted = set(names.values())
        _, cache = self.model.run_with_cache(
            ids, prepend_bos=False, stop_at_layer=max(1, *taps), names_filter=lambda name: name in wanted
        )
        return [cache[names[tap]] for tap in taps]


class NnsightForward:
    """An nnsight LanguageModel: the transformers model inside it, read by our own hooks.

    nnsight's tracing would save the same tensors; the inner model is plain torch and needs no trace.
    """

    def __init__(self, model: Any) -> None:
        from silversmith.models.language_model import HookedForward

        inner = getattr(model, "_model", model)
        if any(parameter.is_meta for parameter in inner.parameters()):  # nnsight loads on first use
            model.dispatch()
            inner = model._model
        self.inner = HookedForward(inner)
        self.config = inner.config
        self.width, self.depth = self.inner.width, self.inner.depth

    def __call__(self, ids: Tensor, mask: Tensor, taps: Sequence[int]) -> list[Tensor]:
        """See Forward."""
        with torch.no_grad():
            return self.inner(ids, mask, taps)
