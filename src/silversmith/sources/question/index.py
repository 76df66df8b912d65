"""PhraseIndex: the phrases of a corpus as vectors, searched by 8-bit scan and scored again in 16 bits.

The index is a folder of parts (parts.py), so that building resumes and documents can be added. The scan reads
the codes; the best 2,000 are scored again by the whole vector in 16 bits, memory-mapped; benchmarks/index.py
compares the best 1,000 with those of exact search. A large index may hold an inverted file (near.py), which
is read in place of the scan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from silversmith.core import Artefact, Document, ModelError
from silversmith.sources.question.near import FILE as NEAR
from silversmith.sources.question.near import Near
from silversmith.sources.question.parts import ROTATION, Part

__all__ = ["KIND", "PhraseIndex", "Place"]

KIND = "phrase-index"
CHUNK, WIDENED = 32768, 8192
"""Phrases whose vectors are read at once; whose codes are widened at once, in the processor's cache."""
RESCORED = 2000

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a phrase stands: the document's id and text, the characters of phrase and sentence."""

    document: str
    text: str
    start: int
    end: int
    sentence: tuple[int, int]

    @property
    def phrase(self) -> str:
        """The phrase as written."""
        return self.text[self.start : self.end]


class PhraseIndex:
    """An index, open for search. Phrases are numbered through all parts."""

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        self.folder, self.manifest = folder, manifest
        self.parts = [Part(folder / name) for name in manifest["parts"]]
        self.rotation: Floats = np.load(folder / ROTATION, allow_pickle=False)
        self.edges = np.cumsum([0, *(len(one.phrases) for one in self.parts)])

    @classmethod
    def open(cls, folder: Path | str, identity: dict[str, Any] | None = None) -> PhraseIndex:
        """From its folder. identity: of the encoder that will ask.

        Raises ModelError A001 to A004; Y020: it was made with another encoder.
        """
        artefact = Artefact.open(folder, KIND, verify=False)
        made = cls(artefact.folder, dict(artefact.manifest))
        if identity is not None:
            made.check(identity)
        return made

    def check(self, identity: dict[str, Any]) -> None:
        """Raises ModelError Y020 if an encoder is not the one that the index was made with."""
        made = self.manifest["model"]
        if made != identity:
            raise ModelError(
                "Y020",
                f"it was made with {made}, not with {identity}"[:400],
                path=self.folder,
                remedy="ask with the encoder it was made with (--model), or make it again",
            )

    def __len__(self) -> int:
        return int(self.edges[-1])

    @cached_property
    def sentence_edges(self) -> NDArray[np.int64]:
        """Where the parts' sentences begin in a numbering through all parts."""
        return np.cumsum([0, *(len(one.sentences) for one in self.parts)])

    @cached_property
    def mention(self) -> Floats:
        """Mention probability of all phrases, NaN where unknown."""
        empty = np.empty(0, np.float32)
        return np.concatenate([empty, *(one.mention.astype(np.float32) for one in self.parts)])

    @cached_property
    def sentence(self) -> NDArray[np.int64]:
        """Number of each phrase's sentence, through all parts."""
        empty = np.empty(0, np.int64)
        pairs = zip(self.parts, self.sentence_edges, strict=False)
        return np.concatenate([empty, *(part.phrases[:, 3] + low for part, low in pairs)])

    @cached_property
    def near(self) -> Near | None:
        """The inverted file, if it was made. Raises ConfigError F021: faiss isn't installed."""
        return Near(self.folder / NEAR) if (self.folder / NEAR).is_file() else None

    def documents(self) -> Iterator[Document]:
        """All documents, in order."""
        for part in self.parts:
            yield from part.documents()

    def place(self, number: int) -> Place:
        """Where a phrase stands."""
        part, local = self._local(number)
        document, start, end, sentence = map(int, part.phrases[local])
        one = part.document(document)
        low, high = map(int, part.sentences[sentence][1:])
        return Place(one.id, one.text, start, end, (low, high))

    def places(self, numbers: Iterable[int]) -> Iterator[Place]:
        """Where phrases stand, in the order asked for."""
        return (self.place(number) for number in numbers)

    def scan(self, queries: Floats) -> Floats:
        """Nearly the dot products float32 [queries, phrases] of float32 [queries, size], by the codes."""
        found = np.empty((len(queries), len(self)), np.float32)
        q = torch.from_numpy(_products(queries, self.rotation))
        wide = torch.empty(WIDENED, q.shape[1])
        for part, low in zip(self.parts, self.edges.tolist(), strict=False):
            codes = _tensor(part.codes)
            for first in range(0, len(codes), WIDENED):
                piece = codes[first : first + WIDENED]
                span = slice(low + first, low + first + len(piece))
                torch.mm(q, wide[: len(piece)].copy_(piece).T, out=torch.from_numpy(found[:, span]))
            found[:, low : low + len(codes)] *= part.scales
        return found

    def candidates(self, queries: Floats, top: int) -> list[NDArray[np.int64]]:
        """Numbers, sorted, of the phrases that come near each query float32 [queries, size]: the best `top`
        by the codes, or about those where there is an inverted file."""
        if self.near is not None:
            return self.near.best(_products(queries, self.rotation), top)
        found = self.scan(queries)
        return [np.sort(np.argpartition(row, len(row) - top)[len(row) - top :]) for row in found]

    def search(self, query: Floats, top: int, *, exact: bool = False) -> tuple[NDArray[np.int64], Floats]:
        """(the `top` phrases most alike, best first; their dot products) of a vector float32 [size].

        exact: by all vectors; else the best by the codes are scored again, twice as many as asked for.
        """
        pool = max(RESCORED, 2 * top)
        numbers = np.arange(len(self))
        if not exact and pool < len(self):
            (numbers,) = self.candidates(query[None], pool)
        scores = self.exact(query[None], numbers)[0]
        order = np.argsort(-scores, kind="stable")[:top]
        return numbers[order], scores[order]

    def exact(self, queries: Floats, numbers: NDArray[np.int64] | None = None) -> Floats:
        """The same by the vectors in 16 bits, of some phrases or of all."""
        rows = np.arange(len(self)) if numbers is None else numbers
        found = np.empty((len(queries), len(rows)), np.float32)
        for first in range(0, len(rows), CHUNK):
            found[:, first : first + CHUNK] = _products(queries, self.vectors(rows[first : first + CHUNK]).T)
        return found

    def vectors(self, numbers: NDArray[np.int64]) -> Floats:
        """Vectors float32 [numbers, size]."""
        found = np.empty((len(numbers), int(self.manifest["size"])), np.float32)
        owner = np.searchsorted(self.edges, numbers, side="right") - 1
        for place in np.unique(owner):
            chosen = owner == place
            found[chosen] = self.parts[place].full[numbers[chosen] - self.edges[place]]
        return found

    def contexts(self, numbers: NDArray[np.int64]) -> Floats:
        """Vectors float32 [numbers, size] of sentences."""
        found = np.empty((len(numbers), int(self.manifest["size"])), np.float32)
        owner = np.searchsorted(self.sentence_edges, numbers, side="right") - 1
        for place in np.unique(owner):
            chosen = owner == place
            found[chosen] = self.parts[place].contexts[numbers[chosen] - self.sentence_edges[place]]
        return found

    def _local(self, number: int) -> tuple[Part, int]:
        place = int(np.searchsorted(self.edges, number, side="right")) - 1
        return self.parts[place], number - int(self.edges[place])


def _products(left: Floats, right: Floats) -> Floats:
    """left @ right by torch: NumPy's threads spin for a while after a product, in the way of torch's."""
    return torch.mm(torch.from_numpy(np.asarray(left, np.float32)), torch.from_numpy(right)).numpy()


def _tensor(array: NDArray[np.int8]) -> torch.Tensor:
    """A view of a memory-mapped array that torch only reads."""
    import warnings

    with warnings.catch_warnings():  # "not writable": nothing writes
        warnings.simplefilter("ignore")
        return torch.from_numpy(array)
