"""Vocabulary: names of concepts with their vectors, to say what a span is nearest to without being asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from silversmith.core import ModelError
from silversmith.models.concepts.encoder import Background

__all__ = ["Vocabulary", "load_vocabulary", "save_vocabulary"]

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Vocabulary:
    """names: lower case. vectors: float32 [names, size]. counts: how often each was annotated, int64 [names].
    mean, deviation: of the likeness of any span to each (see Background.of_names)."""

    names: tuple[str, ...]
    vectors: Floats
    counts: NDArray[np.int64]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @classmethod
    def of(
        cls, names: Sequence[str], vectors: Floats, counts: NDArray[np.int64], background: Background
    ) -> Vocabulary:
        """From names with their vectors."""
        mean, deviation = background.of_names(vectors)
        return cls(tuple(names), vectors, counts, mean, deviation)

    def deviations(self, spans: Floats) -> Floats:
        """Likeness of spans [spans, size] to all names in deviations of any span's, float32 [spans,
        names]."""
        scaled = (self.vectors / self.deviation[:, None]).astype(np.float32)
        return np.asarray(spans @ scaled.T - (self.mean / self.deviation).astype(np.float32))

    def nearest(self, span: Floats, top: int = 5) -> list[tuple[str, float]]:
        """The names nearest to a span's vector [size], with their likeness in deviations."""
        (z,) = self.deviations(span[None])
        best = np.argsort(-z, kind="stable")[:top]
        return [(self.names[n], float(z[n])) for n in best]


def save_vocabulary(path: Path, names: Sequence[str], vectors: Floats, counts: Sequence[int]) -> None:
    """Write one: 8 bits a number, one scale a name."""
    scales = np.maximum(np.abs(vectors).max(axis=1), 1e-9) / 127
    tensors = {
        "codes": torch.from_numpy(np.rint(vectors / scales[:, None]).astype(np.int8)),
        "scales": torch.from_numpy(scales.astype(np.float32)),
        "counts": torch.tensor(list(counts), dtype=torch.int32),
    }
    save_file(tensors, path, {"names": json.dumps(list(names), ensure_ascii=False)})


def load_vocabulary(path: Path, background: Background) -> Vocabulary:
    """Read one. Raises ModelError S072: no vocabulary."""
    try:
        with safe_open(path, framework="pt") as file:
            names = json.loads((file.metadata() or {})["names"])
            codes, scales, counts = (file.get_tensor(one).numpy() for one in ("codes", "scales", "counts"))
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise ModelError("S072", f"no vocabulary of concepts: {error}", path=path) from None
    vectors = codes.astype(np.float32) * scales[:, None]
    return Vocabulary.of(names, vectors, counts.astype(np.int64), background)
