"""ConceptEncoder: one value for whatever compares spans with names; a language model and a small head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from silversmith.core import Document
from silversmith.models.concepts.head import ConceptHead, Places
from silversmith.models.encode import Encoded, LanguageModel
from silversmith.text.words import split_words

__all__ = ["Background", "ConceptEncoder", "count_words", "find_places"]

Floats = NDArray[np.float32]
NAMES = 256
"""Names encoded at once."""


@dataclass(frozen=True, slots=True)
class Background:
    """How spans of any text lie: mean float32 [size] and covariance float32 [size, size] of their vectors.

    Of a name vector c, mean and deviation of its likeness to any span follow without another text:
    m . c and sqrt(c' S c).
    """

    mean: Floats
    covariance: Floats

    @classmethod
    def of(cls, vectors: Floats) -> Background:
        """From vectors of many spans [spans, size]."""
        rows = vectors.astype(np.float64)
        return cls(
            rows.mean(axis=0).astype(np.float32), np.cov(rows, rowvar=False, bias=True).astype(np.float32)
        )

    def of_names(self, names: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(mean, deviation) of the likeness of any span to each name, float64 [names]."""
        rows = names.astype(np.float64)
        spread = np.einsum("nd,de,ne->n", rows, self.covariance.astype(np.float64), rows)
        return rows @ self.mean.astype(np.float64), np.sqrt(np.maximum(spread, 1e-8))


@dataclass(frozen=True)
class ConceptEncoder:
    """A model whose states a head reads.

    taps: whose states are joined for a span. name_tap: whose mean is a name's state. background: see there.
    facts: what calibration and documentation keep (JSON values), among them "weights", a checksum.
    """

    model: LanguageModel
    head: ConceptHead
    taps: tuple[int, ...]
    name_tap: int
    background: Background
    facts: Mapping[str, Any] = field(default_factory=dict)

    def identity(self) -> dict[str, Any]:
        """What must be equal for vectors to be comparable."""
        return {"model": self.model.identity(), "concept": self.facts.get("weights")}

    def names(self, names: Sequence[str]) -> Floats:
        """Vectors float32 [names, size]; a name's case does not count."""
        found = [np.empty((0, self.head.config.size), np.float32)]
        lowered = [" ".join(name.lower().split()) for name in names]
        for begin in range(0, len(names), NAMES):
            part = self.model.encode(lowered[begin : begin + NAMES], [self.name_tap])
            rows = [one.states[self.name_tap] for one in part]
            means = [one.mean(axis=0) if len(one) else np.zeros(one.shape[1], np.float32) for one in rows]
            with torch.inference_mode():
                found.append(self.head.names(torch.from_numpy(np.stack(means))).numpy())
        return np.concatenate(found)

    def spans(self, encoded: Encoded, spans: NDArray[np.int32], words: NDArray[np.int64]) -> Floats:
        """Vectors float32 [spans, size] of a text's spans; of a span that meets no piece, zeros.

        encoded: with the states of `taps`. spans: int32 [spans, 2], characters. words: int64 [spans].
        """
        first, last = find_places(encoded.offsets, spans)
        found = np.zeros((len(spans), self.head.config.size), np.float32)
        (met,) = np.nonzero(last > first)
        if len(met):
            states = np.concatenate([encoded.states[tap] for tap in self.taps], axis=1)
            edge = np.zeros(len(met), np.int64)
            arrays = (first[met], last[met], edge, edge + len(states), words[met])
            places = Places(*(torch.from_numpy(np.ascontiguousarray(one, np.int64)) for one in arrays))
            with torch.inference_mode():
                found[met] = self.head.spans(torch.from_numpy(states), places).numpy()
        return found


def find_places(
    offsets: NDArray[np.int32], spans: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pieces (first, last exclusive), int64 [spans] each, whose characters meet the spans'."""
    spans = spans.reshape(-1, 2)
    first = np.searchsorted(offsets[:, 1], spans[:, 0], side="right")
    last = np.searchsorted(offsets[:, 0], spans[:, 1], side="left")
    return first.astype(np.int64), np.maximum(first, last).astype(np.int64)


def count_words(document: Document, spans: NDArray[np.int32]) -> NDArray[np.int64]:
    """Length of spans in words, at least 1."""
    words = np.array(split_words(document.text), np.int64).reshape(-1, 2)
    first = np.searchsorted(words[:, 1], spans[:, 0], side="right")
    last = np.searchsorted(words[:, 0], spans[:, 1], side="left")
    return np.asarray(np.maximum(1, last - first), np.int64)
