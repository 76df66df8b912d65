"""Parts of an index: folders of arrays, each whole by itself.

Of a phrase the scan reads its code: the 64 directions in which vectors of any text differ most, one byte each
(68 bytes with the scale).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silversmith.core import Document
from silversmith.models.concepts import Background
from silversmith.sources.question.phrases import Phrases

__all__ = ["ROTATION", "Part", "directions", "encode", "write_part"]

CACHED = 2048
"""Documents of a part that are kept read."""
DIRECTIONS = 64
ROTATION = "rotation.npy"
ARRAYS = ("phrases", "mention", "codes", "scales", "full", "sentences", "contexts")

Floats = NDArray[np.float32]


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
