"""MaskedModel: what mining needs of a language model, the distribution over pieces at chosen positions.

Rows of one batch have (nearly) the same length and nothing is padded; the head is applied to the chosen
positions alone, since in small models it costs more than the encoder. Causal models take the same rows:
their distribution at a position is that of the piece there, given the pieces before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from silversmith.core.errors import ConfigError, DataError, ModelError
from silversmith.models.pieces import Frame

__all__ = ["MaskedModel", "Reader", "Row", "Splitter"]

PIECES = 2048
"""Pieces a batch; more only makes temporaries larger."""
LOGITS = 4_000_000
"""Logits that exist at a time (16 MB): large fresh arrays are slow on many machines."""
LOWEST = -1e4
"""Log-probability of a piece that a model rules out: finite, so that 0 x log 0 is 0."""


@dataclass(frozen=True, slots=True)
class Row:
    """One sequence, frame included and masks put in (ids: int64 [pieces]), and the positions to read.

    positions: ascending, of `ids`. See MaskedModel.row, which makes rows.
    """

    ids: NDArray[np.int64]
    positions: tuple[int, ...]


class Reader(Protocol):
    """A network as a function. vocabulary: columns of its head; even: a batch's rows must be equally long."""

    vocabulary: int
    even: bool

    def __call__(self, rows: Sequence[Row]) -> Tensor:
        """Logits float32 [positions, vocabulary]: the rows' positions, row after row."""
        ...


class Splitter(Protocol):
    """Text -> pieces, with the reader's own ids."""

    def __call__(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """ids int64 [pieces], character offsets int32 [pieces, 2], without the frame."""
        ...

    def show(self, piece: int) -> str:
        """A piece for people to read; word pieces inside a word keep their ##."""
        ...


@dataclass(frozen=True, slots=True)
class MaskedModel:
    """A masked language model, or a causal one (`causal`; mask_id is -1).

    split: text to pieces. frame: ids around every row. context: the longest row in pieces, frame included.
    source: what identifies it (checksums), for manifests. threshold: up to which mean divergence the span
    test takes two spans for alike where the user names none; the default is X-NER's for roberta-large.
    """

    name: str
    read: Reader
    split: Splitter
    frame: Frame
    mask_id: int
    context: int
    causal: bool = False
    source: dict[str, Any] = field(default_factory=dict)
    budget: int = PIECES
    threshold: float = 0.15

    @property
    def vocabulary(self) -> int:
        """Pieces that the distribution is over: columns of `log_probabilities`."""
        return self.read.vocabulary

    def identity(self) -> dict[str, Any]:
        """Name, kind and checksums, kept in artefacts so that a wrong model is refused."""
        return {"name": self.name, "kind": "causal" if self.causal else "masked", **self.source}

    def framed(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """ids int64 [pieces] and offsets int32 [pieces, 2] with the frame; the frame's offsets are empty
        spans at the text's start and end. Longer than `context`: the caller's to leave out or to cut."""
        ids, offsets = self.split(text)
        before, after = self.frame.before, self.frame.after
        ends = np.full((len(after), 2), len(text), np.int32)
        whole = np.concatenate([np.asarray(before, np.int64), ids, np.asarray(after, np.int64)])
        return whole, np.concatenate([np.zeros((len(before), 2), np.int32), offsets, ends])

    def row(self, ids: NDArray[np.int64], positions: Iterable[int]) -> Row:
        """A row that reads the positions of framed ids. Masked models see a mask there.

        Causal models see only what stands before the last one, and can't read the very first piece.
        Raises DataError S062 if the row is longer than the model reads, or a position is outside of it.
        """
        places = tuple(sorted(positions))
        first = 1 if self.causal else 0
        if len(ids) > self.context:
            raise DataError(
                "S062",
                f"a row of {len(ids):,} pieces, {self.name} reads at most {self.context:,}",
                remedy="set a smaller length limit for sentences, or shorten the example",
            )
        if not places or places[0] < first or places[-1] >= len(ids):
            raise DataError(
                "S062",
                f"expected positions from {first} to {len(ids) - 1} in a row, found {list(places)}",
                where=self.name,
                remedy="give at least one position inside the row",
            )
        if self.causal:
            return Row(ids[: places[-1] + 1], places)
        masked = ids.copy()
        masked[list(places)] = self.mask_id
        return Row(masked, places)

    def log_probabilities(
        self, rows: Sequence[Row], temperature: float = 1.0
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """log softmax(logits / temperature) at the rows' positions, a batch of similar lengths at a time.

        Yields (owners int64 [n], values float32 [n, vocabulary]): value i is at a position of
        rows[owners[i]]. A row's positions come together, in order; the rows in any order, each once.
        Keep little of `values`: each one is 4 x vocabulary bytes.
        Raises ConfigError S063 (temperature), ModelError S065 if the model answers with no number.
        """
        if not 0 < temperature < float("inf"):
            raise ConfigError(
                "S063", f"temperature: expected a number above 0, found {temperature}", remedy="take 1 or 2"
            )
        for batch in self.batches(rows):
            with torch.inference_mode():
                logits = self.read([rows[number] for number in batch])
                if temperature != 1:
                    logits = logits / temperature
                norms = logits.logsumexp(1, keepdim=True)
                if not bool(torch.isfinite(norms).all()):
                    raise ModelError(
                        "S065",
                        "it answers with values that are no numbers: its weights are damaged or overflow",
                        where=self.name,
                        remedy="load it in fp32, or download it again",
                    )
                values = (logits - norms).clamp_(min=LOWEST)
            owners = np.repeat(batch, [len(rows[number].positions) for number in batch])
            yield owners.astype(np.int64), values.numpy()

    def batches(self, rows: Sequence[Row]) -> Iterator[list[int]]:
        """Numbers of the rows of each batch: by length, then positions, then as given."""
        order = sorted(range(len(rows)), key=lambda n: (len(rows[n].ids), len(rows[n].positions)))
        most = max(1, LOGITS // self.vocabulary)
        batch: list[int] = []
        pieces = reads = 0
        for number in order:
            length, count = len(rows[number].ids), len(rows[number].positions)
            full = pieces + length > self.budget or reads + count > most
            if batch and (full or (self.read.even and length != len(rows[batch[0]].ids))):
                yield batch
                batch, pieces, reads = [], 0, 0
            batch.append(number)
            pieces, reads = pieces + length, reads + count
        if batch:
            yield batch

    def show(self, piece: int) -> str:
        """A piece (a column of `log_probabilities`) for people to read."""
        return self.split.show(piece)
