"""PhraseIndex: the phrases of a corpus as vectors, searched by 8-bit scan and scored again in 16 bits.

The index is a folder of parts, each whole by itself, so that building resumes and documents can be added.
Of a phrase the scan reads its code: the 64 directions in which vectors of any text differ most, one byte each
(68 bytes with the scale). The best 2,000 are scored again by the whole vector in 16 bits, memory-mapped;
benchmarks/index.py compares the best 1,000 with those of exact search.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from silversmith.core import Artefact, Document, ModelError
from silversmith.models.concepts import Background
from silversmith.sources.question.phrases import Phrases

__all__ = ["KIND", "ROTATION", "Part", "PhraseIndex", "Place", "directions", "encode", "write_part"]

KIND = "phrase-index"
CHUNK = 32768
"""Phrases whose codes are widened at once: they stay in the processor's cache."""
CACHED = 2048
"""Documents of a part that are kept read."""
DIRECTIONS, RESCORED = 64, 2000
ROTATION = "rotation.npy"
ARRAYS = ("phrases", "mention", "codes", "scales", "full", "sentences", "contexts")

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


class Part:
    """One part: arrays (memory-mapped) and documents, read by number.

    phrases: int32 [n, 4]: document, start, end, sentence. mention: float16 [n]. codes: int8 [n, directions].
    scales: float32 [n]. full: float16 [n, size]. sentences: int32 [m, 3]: document, start, end. contexts:
    float16 [m, size]; of each sentence.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ARRAYS:
            setattr(self, name, np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False))
        self.offsets = np.load(folder / "offsets.npy", allow_pickle=False)
        self.document = lru_cache(maxsize=CACHED)(self._document)

    document: Callable[[int], Document]
    phrases: NDArray[np.int32]
    mention: NDArray[np.float16]
    codes: NDArray[np.int8]
    scales: Floats
    full: NDArray[np.float16]
    sentences: NDArray[np.int32]
    contexts: NDArray[np.float16]

    def _document(self, number: int) -> Document:
        """One document of the part, without spans."""
        with (self.folder / "documents.jsonl").open("rb") as file:
            file.seek(int(self.offsets[number]))
            one = json.loads(file.readline())
        words, sentences = one.get("words"), one.get("sentences")
        return Document(
            one["id"],
            one["text"],
            words=None if words is None else tuple(map(tuple, words)),
            sentences=None if sentences is None else tuple(map(tuple, sentences)),
        )

    def documents(self) -> Iterator[Document]:
        """All documents, in order."""
        return (self._document(number) for number in range(len(self.offsets)))


def directions(background: Background) -> Floats:
    """The directions of the codes, float32 [size, directions]: those of most energy in the background."""
    mean = background.mean.astype(np.float64)
    _, found = np.linalg.eigh(background.covariance.astype(np.float64) + np.outer(mean, mean))
    return np.ascontiguousarray(found[:, ::-1][:, :DIRECTIONS], np.float32)


def write_part(
    folder: Path, documents: Sequence[Document], found: Sequence[Phrases], rotation: Floats
) -> None:
    """Write one part: documents with their phrases, in order. The folder must exist."""
    sizes = [len(one.places) for one in found]
    counts = [len(one.sentences) for one in found]
    before = np.cumsum([0, *counts])[:-1]
    places = np.concatenate([one.places for one in found])
    owner = np.repeat(np.arange(len(found)), sizes)
    phrases = np.stack(
        [owner, places[:, 0], places[:, 1], places[:, 2] + np.repeat(before, sizes)], axis=1
    ).astype(np.int32)
    vectors = np.concatenate([one.vectors for one in found])
    codes, scales = encode(vectors @ rotation)
    holders = np.repeat(np.arange(len(found)), counts)
    ranges = np.concatenate([one.sentences for one in found])
    arrays: dict[str, NDArray[Any]] = {
        "phrases": phrases,
        "mention": np.concatenate([one.mention for one in found]).astype(np.float16),
        "codes": codes,
        "scales": scales,
        "full": vectors.astype(np.float16),
        "sentences": np.concatenate([holders[:, None], ranges], axis=1).astype(np.int32),
        "contexts": np.concatenate([one.contexts for one in found]).astype(np.float16),
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    offsets, at = [], 0
    with (folder / "documents.jsonl").open("wb") as file:
        for one in documents:
            record: dict[str, Any] = {"id": one.id, "text": one.text}
            if one.words is not None:
                record["words"] = one.words
            if one.sentences is not None:
                record["sentences"] = one.sentences
            line = (json.dumps(record, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")
            offsets.append(at)
            at += file.write(line)
    np.save(folder / "offsets.npy", np.array(offsets, np.int64), allow_pickle=False)


def encode(vectors: Floats) -> tuple[NDArray[np.int8], Floats]:
    """(codes int8 [n, size], scales float32 [n]): a vector is about its codes times its scale."""
    scales = np.maximum(np.abs(vectors).max(axis=1, initial=0.0), 1e-9) / 127
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales.astype(np.float32)


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
        q = torch.from_numpy(np.ascontiguousarray(queries @ self.rotation, np.float32))
        for part, low in zip(self.parts, self.edges.tolist(), strict=False):
            codes = _tensor(part.codes)
            for first in range(0, len(codes), CHUNK):
                piece = codes[first : first + CHUNK]
                span = slice(low + first, low + first + len(piece))
                torch.mm(q, piece.float().T, out=torch.from_numpy(found[:, span]))
            found[:, low : low + len(codes)] *= part.scales
        return found

    def search(self, query: Floats, top: int, *, exact: bool = False) -> tuple[NDArray[np.int64], Floats]:
        """(the `top` phrases most alike, best first; their dot products) of a vector float32 [size].

        exact: by all vectors; else the best by the codes are scored again, twice as many as asked for.
        """
        scores = (self.exact if exact else self.scan)(query[None])[0]
        pool = len(self) if exact else min(len(self), max(RESCORED, 2 * top))
        numbers = np.arange(len(self))
        if pool < len(self):
            numbers = np.sort(np.argpartition(scores, len(self) - pool)[len(self) - pool :])
            scores = self.exact(query[None], numbers)[0]
        order = np.argsort(-scores, kind="stable")[:top]
        return numbers[order], scores[order]

    def exact(self, queries: Floats, numbers: NDArray[np.int64] | None = None) -> Floats:
        """The same by the vectors in 16 bits, of some phrases or of all."""
        rows = np.arange(len(self)) if numbers is None else numbers
        found = np.empty((len(queries), len(rows)), np.float32)
        for first in range(0, len(rows), CHUNK):
            found[:, first : first + CHUNK] = queries @ self.vectors(rows[first : first + CHUNK]).T
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


def _tensor(array: NDArray[np.int8]) -> torch.Tensor:
    """A view of a memory-mapped array that torch only reads."""
    import warnings

    with warnings.catch_warnings():  # "not writable": nothing writes
        warnings.simplefilter("ignore")
        return torch.from_numpy(array)
