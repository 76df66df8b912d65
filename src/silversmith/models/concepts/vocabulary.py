"""Vocabulary: what an encoder knows by heart, to say what a span is nearest to without being asked.

Names of concepts with their vectors, and mentions from the annotations that it was trained on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

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
    mean, deviation: of the likeness of any span to each (see Background.of_names). mentions: (as written,
    its concept); their vectors: float32 [mentions, size]."""

    names: tuple[str, ...]
    vectors: Floats
    counts: NDArray[np.int64]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    mentions: tuple[tuple[str, str], ...] = ()
    mention_vectors: Floats = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    @classmethod
    def of(
        cls, names: Sequence[str], vectors: Floats, counts: NDArray[np.int64], background: Background
    ) -> Vocabulary:
        """From names with their vectors."""
        mean, deviation = background.of_names(vectors)
        return cls(tuple(names), vectors, counts, mean, deviation)

    def with_mentions(self, mentions: Sequence[tuple[str, str]], vectors: Floats) -> Vocabulary:
        """The same with annotated mentions and their vectors."""
        return replace(self, mentions=tuple(mentions), mention_vectors=vectors)

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

    def nearest_mentions(self, span: Floats, top: int = 3) -> list[tuple[str, str]]:
        """The annotated mentions most alike a span's vector [size]: (as written, its concept)."""
        if not self.mentions:
            return []
        best = np.argsort(-(self.mention_vectors @ span), kind="stable")[:top]
        return [self.mentions[n] for n in best]


def save_vocabulary(path: Path, known: Vocabulary) -> None:
    """Write one: 8 bits a number, one scale a row."""
    codes, scales = _coded(known.vectors)
    tensors = {"codes": codes, "scales": scales, "counts": torch.from_numpy(known.counts.astype(np.int32))}
    texts = {"names": list(known.names)}
    if known.mentions:
        tensors["mention_codes"], tensors["mention_scales"] = _coded(known.mention_vectors)
        texts["mentions"] = [list(one) for one in known.mentions]  # type: ignore[misc]
    save_file(tensors, path, {key: json.dumps(one, ensure_ascii=False) for key, one in texts.items()})


def load_vocabulary(path: Path, background: Background) -> Vocabulary:
    """Read one. Raises ModelError S072: no vocabulary."""
    try:
        with safe_open(path, framework="pt") as file:
            texts = {key: json.loads(one) for key, one in (file.metadata() or {}).items()}
            tensors = {key: file.get_tensor(key).numpy() for key in file.keys()}  # noqa: SIM118
            counts, vectors = tensors["counts"].astype(np.int64), _decoded(tensors, "")
            known = Vocabulary.of(texts["names"], vectors, counts, background)
            if "mentions" not in texts:
                return known
            mentions = [(text, concept) for text, concept in texts["mentions"]]
            return known.with_mentions(mentions, _decoded(tensors, "mention_"))
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise ModelError("S072", f"no vocabulary of concepts: {error}", path=path) from None


def _coded(vectors: Floats) -> tuple[torch.Tensor, torch.Tensor]:
    """(8-bit codes, one scale a row)."""
    scales = np.maximum(np.abs(vectors).max(axis=1), 1e-9) / 127
    codes = np.rint(vectors / scales[:, None]).astype(np.int8)
    return torch.from_numpy(codes), torch.from_numpy(scales.astype(np.float32))


def _decoded(tensors: dict[str, NDArray[Any]], prefix: str) -> Floats:
    """float32 rows of `_coded`."""
    return np.asarray(tensors[f"{prefix}codes"].astype(np.float32) * tensors[f"{prefix}scales"][:, None])
