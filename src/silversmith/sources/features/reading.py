"""Reading: documents to activations and candidates, a block at a time, through the cache if there is one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from silversmith.candidates.base import identity_of
from silversmith.core import Document
from silversmith.models.encode import Encoded, LanguageModel
from silversmith.models.latents import read_latents
from silversmith.sources.features.cache import ArrayCache, entry_key
from silversmith.sources.features.table import Csr, locate

__all__ = [
    "BLANKS",
    "Autoencoder",
    "Proposer",
    "Reader",
    "Reading",
    "coverage",
    "needed_pieces",
]


class Autoencoder(Protocol):
    """What this source needs of a sparse autoencoder."""

    name: str
    tap: int

    @property
    def d_sae(self) -> int:
        """Number of latents."""
        ...

    def identity(self) -> dict[str, Any]:
        """What must be equal for a mapping to be usable."""
        ...

    def encode(self, x: Any) -> Csr:
        """States [pieces, width] -> activations float32 CSR [pieces, latents]."""
        ...


class Proposer(Protocol):
    """A candidate generator: spans with `start`, `end`, `origins`, `mention`."""

    def propose(self, document: Document, encoded: Encoded) -> Sequence[Any]:
        """The candidates of a document."""
        ...


BLANKS = np.array([code for code in range(0x3001) if chr(code).isspace()], np.uint32)
"""Characters that no piece has to cover."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of one document.

    offsets: int32 [pieces, 2]. activations: float32 CSR [pieces, latents]. candidates: int32
    [candidates, 2] characters. mention: float32 [candidates], the generator's probability that it is a
    mention (NaN: it gives none). states: float32 [pieces, width], only on request.
    """

    offsets: NDArray[np.int32]
    activations: Csr
    candidates: NDArray[np.int32]
    mention: NDArray[np.float32]
    states: NDArray[np.float32] | None = None


def coverage(document: Document, offsets: NDArray[np.int32]) -> float:
    """Share of the characters that are no blanks which some piece covers (1 for an empty document)."""
    covered = np.zeros(len(document.text) + 1, np.int64)
    np.add.at(covered, offsets[:, 0], 1)
    np.add.at(covered, offsets[:, 1], -1)
    inside = np.cumsum(covered)[:-1] > 0
    codes = np.frombuffer(document.text.encode("utf-32-le", "surrogatepass"), np.uint32)
    solid = ~np.isin(codes, BLANKS)
    return float(inside[solid].mean()) if solid.any() else 1.0


def needed_pieces(
    offsets: NDArray[np.int32], spans: NDArray[np.int32], neighbours: bool = True
) -> NDArray[np.bool_]:
    """Which pieces some span meets (neighbours: or stands beside) [pieces]. spans: int32 [spans, 2]."""
    table = locate(offsets, spans, np.zeros(len(spans), np.int32))
    edges = np.zeros(len(offsets) + 2, np.int64)
    np.add.at(edges, np.maximum(table.first - neighbours, 0), 1)
    np.add.at(edges, np.minimum(table.last + neighbours, len(offsets)), -1)
    return np.asarray(np.cumsum(edges)[: len(offsets)] > 0)


class Reader:
    """Reads blocks of documents with one model, autoencoder and candidate generator.

    cache: where readings are kept. states: whether states are kept beside activations. whole: whether
    all pieces get activations (always so with a cache); if not, only those that a candidate touches, which
    is all that labelling needs. neighbours: and one piece on each side, for the roles left and right.
    """

    def __init__(
        self,
        model: LanguageModel,
        sae: Autoencoder,
        proposer: Proposer,
        cache: ArrayCache | None = None,
        *,
        states: bool = False,
        whole: bool = True,
        neighbours: bool = True,
    ) -> None:
        self.model, self.sae, self.proposer, self.cache, self.states = model, sae, proposer, cache, states
        self.whole, self.neighbours = whole or cache is not None, neighbours
        # Only a generator's heads know which blocks they read.
        self.taps = sorted({sae.tap, *getattr(proposer, "taps", ())})
        ours, latents, spans = (identity_of(part) for part in (model, sae, proposer))
        self._decides: dict[str, dict[str, Any]] = {
            "activations": {"model": ours, "sae": latents},
            "candidates": {"model": ours, "candidates": spans},
        }
        if states:
            self._decides["states"] = {"model": ours, "tap": sae.tap}

    def read(self, documents: Sequence[Document]) -> list[Reading]:
        """The readings of one block of documents, in order."""
        found = [self._cached(document) for document in documents]
        missing = [number for number, entry in enumerate(found) if entry is None]
        if missing:
            for place, reading in self._fresh([documents[number] for number in missing]):
                found[missing[place]] = reading
                if self.cache is not None:
                    self._keep(documents[missing[place]], reading)
        return [reading for reading in found if reading is not None]

    def _fresh(self, documents: Sequence[Document]) -> Iterator[tuple[int, Reading]]:
        """(position, reading) of documents, as they are done."""
        proposed: dict[int, tuple[Any, ...]] = {}

        def choose(number: int, encoded: Encoded) -> NDArray[np.bool_] | None:
            candidates = self.proposer.propose(documents[number], encoded)
            spans = np.array([(one.start, one.end) for one in candidates], np.int32).reshape(-1, 2)
            scores = [getattr(one, "mention", None) for one in candidates]
            mention = np.array([np.nan if one is None else one for one in scores], np.float32)
            states = encoded.states[self.sae.tap] if self.states else None
            proposed[number] = encoded.offsets, spans, mention, states
            return None if self.whole else needed_pieces(encoded.offsets, spans, self.neighbours)

        texts = [document.text for document in documents]
        for number, (latents,) in read_latents(self.model, [self.sae], texts, choose=choose, taps=self.taps):
            offsets, spans, mention, states = proposed.pop(number)
            yield number, Reading(offsets, latents, spans, mention, states)

    def _keep(self, document: Document, reading: Reading) -> None:
        """Write the entries of one document."""
        a = reading.activations
        entries: dict[str, Mapping[str, NDArray[Any]]] = {
            "activations": {
                "offsets": reading.offsets,
                "indptr": a.indptr.astype(np.int64),
                "indices": a.indices.astype(np.int32),
                "data": a.data,
            },
            "candidates": {"spans": reading.candidates, "mention": reading.mention},
        }
        if reading.states is not None:
            entries["states"] = {"states": reading.states}
        for kind, arrays in entries.items():
            assert self.cache is not None
            self.cache.put(self._key(kind, document), arrays)

    def _key(self, kind: str, document: Document) -> str:
        """The cache's key of one document; candidates may depend on its words and sentences."""
        given = json.dumps([document.words, document.sentences]) if kind == "candidates" else ""
        return entry_key(kind, self._decides[kind], document.text + given)

    def _cached(self, document: Document) -> Reading | None:
        """The reading from the cache, if all its parts are there."""
        if self.cache is None:
            return None
        parts = {kind: self.cache.get(self._key(kind, document)) for kind in self._decides}
        a, c = parts["activations"], parts["candidates"]
        if a is None or c is None or (self.states and parts["states"] is None):
            return None
        shape = (len(a["offsets"]), self.sae.d_sae)
        matrix = csr_array((a["data"], a["indices"], a["indptr"]), shape=shape)
        states = parts.get("states")
        return Reading(
            a["offsets"], matrix, c["spans"], c["mention"], None if states is None else states["states"]
        )
