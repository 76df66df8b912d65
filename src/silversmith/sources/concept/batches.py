"""Batches of a pre-training: texts, the concepts they are compared with, and which cells count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array
from torch import Tensor

from silversmith.models.concepts.head import Places
from silversmith.sources.concept.states import States
from silversmith.sources.concept.table import Cells, Table

__all__ = ["Batch", "Nearness", "Sampler", "read_batch"]


@dataclass(frozen=True)
class Nearness:
    """Which concepts are no negatives of each other: alike, or one the other's last words.

    vectors: float32 [concepts, d], length one, of any encoder of names; cosines from `least` are near.
    """

    vectors: NDArray[np.float32]
    suffixes: Cells
    least: float = 0.8

    @classmethod
    def of(
        cls, vectors: NDArray[np.float32], pairs: Iterator[tuple[int, int]], least: float = 0.8
    ) -> Nearness:
        """From raw vectors and `suffix_pairs`."""
        found = np.array(list(pairs), np.int64).reshape(-1, 2)
        size = (len(vectors), len(vectors))
        suffixes = csr_array((np.ones(len(found), np.bool_), (found[:, 0], found[:, 1])), shape=size)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return cls((vectors / np.maximum(norms, 1e-9)).astype(np.float32), suffixes, least)

    def among(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """[rows, columns]: whether a row's concept is near a column's (itself included)."""
        near = self.vectors[rows] @ self.vectors[columns].T >= self.least
        return np.asarray(near | self.suffixes[rows][:, columns].toarray().astype(np.bool_))


@dataclass(frozen=True)
class Batch:
    """rows: float32 [rows, width] of packed texts; lengths: of each text. places: of the spans.

    concepts: int64 [C], their numbers. target, counted: bool [spans, C]. covers: (span, row) of each
    row inside a marked span, int64 [pairs] each; inner: rows that are pieces.
    """

    texts: tuple[int, ...]
    rows: Tensor
    lengths: list[int]
    places: Places
    concepts: NDArray[np.int64]
    target: Tensor
    counted: Tensor
    covers: tuple[Tensor, Tensor]
    inner: Tensor


class Sampler:
    """Which texts and concepts make each batch; drawn anew from (seed, epoch, step), so nothing is kept.

    counts: of each concept. texts: of a batch. names: concepts of a batch: those of its spans, then others
    by frequency to the power 0.75.
    """

    def __init__(self, table: Table, counts: Sequence[int], *, texts: int, names: int, seed: int) -> None:
        self.table, self.texts, self.names, self.seed = table, texts, names, seed
        weights = np.asarray(counts, np.float64) ** 0.75
        self.chances = weights / weights.sum()
        self.total = len(table.bounds) - 1

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return max(1, self.total // self.texts)

    def texts_of(self, step: int) -> list[int]:
        """The texts of a step (counted through all epochs)."""
        epoch, place = divmod(step, self.steps)
        order = np.random.default_rng([self.seed, epoch]).permutation(self.total)
        return sorted(order[place * self.texts : (place + 1) * self.texts].tolist())

    def concepts_of(self, step: int, texts: Sequence[int]) -> NDArray[np.int64]:
        """Sorted numbers of the concepts of a step."""
        draw = np.random.default_rng([self.seed, 1, step])
        parts = [self.table.marked[self.table.rows(text)].indices for text in texts]
        own = np.unique(np.concatenate(parts)).astype(np.int64)
        if len(own) > self.names:
            return np.sort(draw.choice(own, self.names, replace=False))
        more = draw.choice(len(self.chances), min(self.names, len(self.chances)), p=self.chances)
        others = np.setdiff1d(more, own)[: self.names - len(own)]
        return np.sort(np.concatenate([own, others]))


def read_batch(
    table: Table,
    states: States,
    texts: Sequence[int],
    concepts: NDArray[np.int64],
    nearness: Nearness | None,
    frame: int,
) -> Batch:
    """The values of a batch. frame: rows before a text's first piece (and after its last)."""
    rows, lengths = states.of(texts)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    numbers = [np.arange(len(table.first))[table.rows(text)] for text in texts]
    index = np.concatenate(numbers)
    base = np.repeat(starts[:-1] + frame, [len(one) for one in numbers])
    high = np.repeat(starts[1:] - frame, [len(one) for one in numbers])
    first, last = base + table.first[index], base + table.last[index]
    arrays = (first, last, base, high, table.words[index])
    places = Places(*(torch.from_numpy(np.ascontiguousarray(one, np.int64)) for one in arrays))
    target = table.marked[index][:, concepts].toarray().astype(np.bool_)
    ignored = table.elsewhere[index][:, concepts].toarray().astype(np.bool_)
    if nearness is not None:
        ignored |= _near(table, index, concepts, nearness)
    marked = np.nonzero(np.diff(table.marked.indptr)[index] > 0)[0]
    sizes = (last - first)[marked]
    spans = np.repeat(marked, sizes)
    within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    inner = np.ones(len(rows), np.bool_)
    if frame:
        inner[starts[:-1]] = inner[starts[1:] - 1] = False
    return Batch(
        tuple(texts),
        torch.from_numpy(rows),
        lengths,
        places,
        concepts,
        torch.from_numpy(target),
        torch.from_numpy(target | ~ignored),
        (torch.from_numpy(spans), torch.from_numpy(first[spans] + within)),
        torch.from_numpy(inner),
    )


def _near(
    table: Table, index: NDArray[np.int64], concepts: NDArray[np.int64], nearness: Nearness
) -> NDArray[np.bool_]:
    """[spans, C]: cells whose concept is near one of the span's."""
    own = table.marked[index]
    found = np.zeros((len(index), len(concepts)), np.bool_)
    spans = np.repeat(np.arange(len(index)), np.diff(own.indptr))
    if len(spans):
        near = nearness.among(own.indices.astype(np.int64), concepts)
        np.logical_or.at(found, spans, near)
    return found
