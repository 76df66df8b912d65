"""Reading: documents to activations and candidates, a block at a time, through the cache if there is one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from silversmith.core import Document
from silversmith.models.encode import Encoded, LanguageModel
from silversmith.sources.features.cache import ArrayCache, entry_key
from silversmith.sources.features.table import Csr, locate

__all__ = ["BLANKS", "Autoencoder", "Proposer", "Reader", "Reading", "coverage", "identity_of"]


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


def identity_of(part: Any) -> dict[str, Any]:
    """`part.identity()`, or what can be told of a part that has none."""
    if hasattr(part, "identity"):
        return dict(part.identity())
    return {"name": str(getattr(part, "name", type(part).__name__))}


def coverage(document: Document, offsets: NDArray[np.int32]) -> float:
    """Share of the characters that are no blanks which some piece covers (1 for an empty document)."""
    covered = np.zeros(len(document.text) + 1, np.int64)
    np.add.at(covered, offsets[:, 0], 1)
    np.add.at(covered, offsets[:, 1], -1)
    inside = np.cumsum(covered)[:-1] > 0
    codes = np.frombuffer(document.text.encode("utf-32-le", "surrogatepass"), np.uint32)
    solid = ~np.isin(codes, BLANKS)
    return float(inside[solid].mean()) if solid.any() else 1.0


class Reader:
    """Reads blocks of documents with one model, autoencoder and candidate generator.

    cache: where readings are kept. states: whether states are kept beside activations. whole: whether
    all pieces get activations (always so with a cache); if not, only those that a candidate or its
    neighbours touch, which is all that labelling needs.
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
    ) -> None:
        self.model, self.sae, self.proposer, self.cache, self.states = model, sae, proposer, cache, states
        self.whole = whole or cache is not None
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
            texts = [documents[number].text for number in missing]
            encoded = self.model.encode(texts, self.taps)
            for place, number in enumerate(missing):
                found[number] = self._encode(documents[number], encoded[place])
                encoded[place] = Encoded(encoded[place].offsets, {})  # its states are no longer needed
        return [reading for reading in found if reading is not None]

    def _encode(self, document: Document, encoded: Encoded) -> Reading:
        """One document's reading from its states."""
        proposed = self.proposer.propose(document, encoded)
        spans = np.array([(one.start, one.end) for one in proposed], np.int32).reshape(-1, 2)
        scores = [getattr(one, "mention", None) for one in proposed]
        mention = np.array([np.nan if one is None else one for one in scores], np.float32)
        states = encoded.states[self.sae.tap]
        activations = self._activations(states, encoded.offsets, spans)
        reading = Reading(encoded.offsets, activations, spans, mention, states if self.states else None)
        if self.cache is not None:
            self._keep(document, reading)
        return reading

    def _activations(
        self, states: NDArray[np.float32], offsets: NDArray[np.int32], spans: NDArray[np.int32]
    ) -> Csr:
        """The activations of the pieces that are needed; the rows of the others stay empty."""
        if self.whole:
            return self.sae.encode(states)
        table = locate(offsets, spans, np.zeros(len(spans), np.int32))
        edges = np.zeros(len(offsets) + 2, np.int64)  # a span is read with one neighbour on each side
        np.add.at(edges, np.maximum(table.first - 1, 0), 1)
        np.add.at(edges, np.minimum(table.last + 1, len(offsets)), -1)
        needed = np.cumsum(edges)[: len(offsets)] > 0
        part = self.sae.encode(states[needed])
        sizes = np.zeros(len(offsets), np.int64)
        sizes[needed] = np.diff(part.indptr)
        indptr = np.concatenate([[0], np.cumsum(sizes)])
        return csr_array((part.data, part.indices, indptr), shape=(len(offsets), part.shape[1]))

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
