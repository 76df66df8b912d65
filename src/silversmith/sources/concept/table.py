"""The table of a pre-training: spans of all texts with their concepts, and which cells say nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from silversmith.core import Document
from silversmith.models.concepts.encoder import count_words, find_places

__all__ = ["Table", "make_table", "suffix_pairs"]

Ints = NDArray[np.int64]
Cells = Any
"""A bool csr_array [spans, concepts]."""


@dataclass(frozen=True)
class Table:
    """Spans of texts as columns; a span without concept is a candidate that nobody marked.

    bounds: [texts + 1], spans of each text. first, last: pieces of the text, last exclusive. words: length.
    marked: [spans, concepts], annotated. elsewhere: the same string carries the concept in another place,
    so its cell is no negative here (a mention that was not marked is none; METHODS 4.2, point 6).
    mention: float32 [spans], the candidate's mention probability (NaN: not proposed).
    """

    bounds: Ints
    first: Ints
    last: Ints
    words: Ints
    marked: Cells
    elsewhere: Cells
    mention: NDArray[np.float32]

    def rows(self, text: int) -> slice:
        """The spans of a text."""
        return slice(int(self.bounds[text]), int(self.bounds[text + 1]))


def make_table(
    documents: Sequence[Document],
    offsets: Sequence[NDArray[np.int32]],
    concepts: Sequence[str],
    proposed: Iterable[Sequence[Any]],
    *,
    negatives: int | None = None,
    seed: int = 0,
) -> Table:
    """The table. proposed: candidates of each document. negatives: of a text at most so many (None: all).

    A concept that is not in the list, and a span beyond the pieces that were read, are left out.
    """
    known = {name: column for column, name in enumerate(concepts)}
    spans: list[dict[tuple[int, int], list[int]]] = []
    carried: dict[str, set[int]] = defaultdict(set)
    chances: list[dict[tuple[int, int], float]] = []
    for number, (document, found) in enumerate(zip(documents, proposed, strict=True)):
        ours: dict[tuple[int, int], list[int]] = {}
        for span in document.spans:
            if span.label in known:
                ours.setdefault((span.start, span.end), []).append(known[span.label])
                carried[_string(document, span.start, span.end)].add(known[span.label])
        others = [one for one in found if (one.start, one.end) not in ours]
        if negatives is not None and len(others) > negatives:
            chosen = np.random.default_rng([seed, number]).choice(len(others), negatives, replace=False)
            others = [others[n] for n in np.sort(chosen)]
        ours.update({(one.start, one.end): [] for one in others})
        spans.append(ours)
        chances.append(
            {(one.start, one.end): np.nan if one.mention is None else one.mention for one in found}
        )
    return _joined(documents, offsets, spans, chances, carried, len(concepts))


def _joined(
    documents: Sequence[Document],
    offsets: Sequence[NDArray[np.int32]],
    spans: Sequence[dict[tuple[int, int], list[int]]],
    chances: Sequence[dict[tuple[int, int], float]],
    carried: dict[str, set[int]],
    width: int,
) -> Table:
    """All texts' spans as columns."""
    sizes, columns = [0], defaultdict(list)
    mention: list[float] = []
    marked: list[Sequence[int]] = []
    also: list[Sequence[int]] = []
    for document, pieces, ours, chance in zip(documents, offsets, spans, chances, strict=True):
        places = np.array(list(ours), np.int32).reshape(-1, 2)
        first, last = find_places(pieces, places)
        kept = np.nonzero((last > first) & (places[:, 1] <= (pieces[-1, 1] if len(pieces) else 0)))[0]
        columns["first"].append(first[kept])
        columns["last"].append(last[kept])
        columns["words"].append(count_words(document, places[kept]))
        for start, end in places[kept].tolist():
            own = ours[start, end]
            marked.append(own)
            also.append(sorted(carried.get(_string(document, start, end), set()) - set(own)))
            mention.append(chance.get((start, end), np.nan))
        sizes.append(len(kept))
    first, last, words = (np.concatenate(columns[name]) for name in ("first", "last", "words"))
    return Table(
        np.cumsum(sizes),
        first,
        last,
        words,
        _cells(marked, width),
        _cells(also, width),
        np.array(mention, np.float32),
    )


def _cells(rows: Sequence[Sequence[int]], width: int) -> Cells:
    indptr = np.concatenate([[0], np.cumsum([len(one) for one in rows])])
    indices = np.array([column for one in rows for column in one], np.int32)
    return csr_array((np.ones(len(indices), np.bool_), indices, indptr), shape=(len(rows), width))


def _string(document: Document, start: int, end: int) -> str:
    return document.text[start:end].lower()


def suffix_pairs(concepts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """(A, B) where B is A's last words: "plant variety", "variety"."""
    known = {name: number for number, name in enumerate(concepts)}
    for number, name in enumerate(concepts):
        words = name.split()
        for begin in range(1, len(words)):
            if (other := known.get(" ".join(words[begin:]))) is not None:
                yield number, other
