"""What is compared: the distributions at masked places (paper, section 4.2), or the states of two spans.

Equal rows are read once: "The [MASK] name: Oslo" for all types, "[MASK] Ada Lovelace" for all sentences that
are but a name. A `Measure` reads what is known (originals, examples) once and keeps it, then compares rows
with it batch by batch, so that few distributions exist at a time.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from silversmith.core import ModelError
from silversmith.models.masked import MaskedModel, Row
from silversmith.sources.example.states import states_of

__all__ = ["Cosine", "Divergence", "Measure", "Values", "divergence"]

Floats = NDArray[np.float32]
Values = NDArray[np.float64]


class Measure(Protocol):
    """A distance of two readings, 0 for equal ones. rows, pieces: what the model has read so far."""

    rows: int
    pieces: int
    bytes: int

    def known(self, rows: Sequence[Row]) -> list[Any]:
        """What has to be kept of each row; `bytes` of memory a position."""
        ...

    def compare(self, rows: Sequence[Row], known: Sequence[Sequence[Any]]) -> list[Values]:
        """Distances [known, values] of each row from the readings it is compared with."""
        ...


class Divergence:
    """KL(known || row) at each position, softmax at a temperature.

    A known row is (log p, p), float32 [positions, vocabulary] each.
    """

    def __init__(self, model: MaskedModel, temperature: float) -> None:
        self.model, self.temperature = model, temperature
        self.rows = self.pieces = 0
        self.bytes = 8 * model.vocabulary

    def known(self, rows: Sequence[Row]) -> list[Any]:
        """(log p, p) of each row, float32 [positions, vocabulary]; equal rows share theirs."""
        found: list[Any] = [None] * len(rows)
        for numbers, logs in self._read(rows):
            one = logs.copy(), np.exp(logs)
            for number in numbers:
                found[number] = one
        return found

    def compare(self, rows: Sequence[Row], known: Sequence[Sequence[Any]]) -> list[Values]:
        """float64 [known, positions] of each row."""
        found: list[Values] = [np.empty(0)] * len(rows)
        for numbers, logs in self._read(rows):
            for number in numbers:
                found[number] = np.stack([divergence(log_p, p, logs) for log_p, p in known[number]])
        return found

    def _read(self, rows: Sequence[Row]) -> Iterator[tuple[list[int], Floats]]:
        """(numbers of equal rows, log-probabilities [their positions, vocabulary]), in any order."""
        equal: dict[Hashable, list[int]] = {}
        for number, row in enumerate(rows):
            equal.setdefault((row.ids.tobytes(), row.positions), []).append(number)
        numbers = list(equal.values())
        once = [rows[some[0]] for some in numbers]
        self.rows += len(once)
        self.pieces += sum(len(row.ids) for row in once)
        for owners, values in self.model.log_probabilities(once, self.temperature):
            edges = [0, *(np.flatnonzero(np.diff(owners)) + 1).tolist(), len(owners)]
            for low, high in pairwise(edges):
                yield numbers[int(owners[low])], values[low:high]


def divergence(log_p: Floats, p: Floats, log_q: Floats) -> Values:
    """KL(p || q) of each row, float64 [rows], never below 0; differences first, for they are small."""
    gaps = log_p - log_q
    found = [max(0.0, float(np.dot(*pair))) for pair in zip(p, gaps, strict=True)]
    return np.array(found, np.float64)


class Cosine:
    """1 - cosine of the mean states of a span's pieces: the paper's plain baseline. Rows carry no mask."""

    def __init__(self, model: MaskedModel) -> None:
        states = states_of(model)
        if states is None:
            raise ModelError(
                "X020",
                "the cosine measure needs the states of a masked model, which this one doesn't give",
                where=model.name,
                remedy="use the divergence, or name another model",
            )
        self.model, self.states = model, states
        self.rows = self.pieces = 0
        self.bytes = 8192

    def known(self, rows: Sequence[Row]) -> list[Any]:
        """A unit vector a row."""
        self.rows += len(rows)
        self.pieces += sum(len(row.ids) for row in rows)
        found: list[Any] = [None] * len(rows)
        for batch in self.model.batches(rows):
            states = np.asarray(self.states([rows[number] for number in batch]), np.float64)
            for number in batch:
                count = len(rows[number].positions)
                vector, states = states[:count].mean(axis=0), states[count:]
                found[number] = vector / max(float(np.linalg.norm(vector)), 1e-12)
        return found

    def compare(self, rows: Sequence[Row], known: Sequence[Sequence[Any]]) -> list[Values]:
        """float64 [known, 1] of each row."""
        vectors = self.known(rows)
        pairs = zip(vectors, known, strict=True)
        return [np.array([[max(0.0, 1.0 - float(one @ vector))] for one in those]) for vector, those in pairs]
