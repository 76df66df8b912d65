"""Qwen-Scope: `layer{l}.sae.pt`; W_enc is stored [d_sae, d_in], k stands only in the repository's name."""

from __future__ import annotations

import re

import numpy as np

from silversmith.core.errors import ModelError
from silversmith.models.sae import Activation
from silversmith.models.sae_formats.parts import Files, Hints, Parts, Place
from silversmith.models.sae_formats.tensors import Reader, open_tensors

__all__ = ["parse_repo", "read"]


def read(files: Files, hints: Hints) -> Parts:
    """The encoder: top k of x @ W + b, no centring. Raises ModelError: S019 no k, S013 to S015 tensors."""
    known = parse_repo(f"{hints.repo}/{files.weights.as_posix()}")
    k = hints.k or (known[2] if known else None)
    if k is None:
        raise ModelError(
            "S019",
            "its k stands in the repository's name (SAE-Res-<model>-W32K-L0_50), which is not known here",
            path=files.weights,
            remedy="keep the repository's name as the folder's name, or give --k",
        )
    tensors = Reader(open_tensors(files.weights))
    layer = re.search(r"layer(\d+)\.sae$", files.weights.stem)
    return Parts(
        np.ascontiguousarray(tensors.take("W_enc", "d_sae", "d_in").T),
        tensors.take("b_enc", "d_sae"),
        Activation("topk", k=k),
        place=Place("resid_post", int(layer.group(1)) if layer else None),
        facts={"model": f"Qwen/{known[0]}" if known else None, "context_size": 1024},
    )


def parse_repo(text: str) -> tuple[str, int, int] | None:
    """(model, d_sae, k) of the last `SAE-Res-<model>-W<N>K-L0_<k>` in a name or path; d_sae = N * 1024."""
    found = re.findall(r"SAE-Res-([^/]+?)-W(\d+)K-L0_(\d+)", text)
    if not found:
        return None
    model, width, k = found[-1]
    return model, int(width) * 1024, int(k)
