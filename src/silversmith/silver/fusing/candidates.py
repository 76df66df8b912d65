"""What the sources say of each span that any of them proposes, as numbers.

An observation of source j at a span is one of: it names a type, with a confidence in one of a few bins; it
proposes another span that overlaps this one, with the same best type as is at stake or with another; it is
silent. Silence is an observation of its own and not a vote for "no entity": how much it means is learned a
source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from silversmith.core import DataError, Document, Vote
from silversmith.text.words import split_words

__all__ = ["BESIDE", "SILENT", "Table", "make_table"]

SILENT, BESIDE = 0, 1
"""Observations: nothing there; another span that overlaps. From 2 on: type x bin."""


@dataclass(frozen=True)
class Table:
    """Spans that were proposed, in the order of documents, then start, then end.

    types, sources: names. bins: of confidence. document: int64 [spans], its place in the order read. places:
    int32 [spans, 2], characters. seen: int32 [spans, sources], observations. chances: float32 [spans,
    sources, types], what the sources gave (0 where they didn't propose). unseen: spans that nobody proposed,
    one a word of the texts less those above.
    """

    types: tuple[str, ...]
    sources: tuple[str, ...]
    bins: int
    document: NDArray[np.int64]
    places: NDArray[np.int32]
    seen: NDArray[np.int32]
    chances: NDArray[np.float32]
    unseen: int

    @property
    def observations(self) -> int:
        """How many different observations there are."""
        return 2 + len(self.types) * self.bins

    def votes(self) -> NDArray[np.int32]:
        """The type that each source names, int32 [spans, sources]; -1: none."""
        return np.where(self.seen < 2, -1, (self.seen - 2) // self.bins).astype(np.int32)


def make_table(
    documents: Sequence[Document],
    votes: Sequence[Sequence[Sequence[Vote]]],
    sources: Sequence[str],
    *,
    bins: int = 3,
) -> Table:
    """The table of several sources. votes: of each source, a list a document.

    Confidence is cut by each source's own quantiles, a type at a time. Raises DataError G001: sources of
    other documents, G002: no vote at all.
    """
    for name, given in zip(sources, votes, strict=True):
        if len(given) != len(documents):
            raise DataError("G001", f"{len(given)} documents of {len(documents)}", where=f"source {name!r}")
    types = tuple(
        sorted({label for given in votes for some in given for vote in some for label in vote.probabilities})
    )
    if not types:
        raise DataError("G002", "no source voted for anything", remedy="give sources that found something")
    keys = [
        (number, start, end)
        for number in range(len(documents))
        for start, end in sorted({(vote.start, vote.end) for given in votes for vote in given[number]})
    ]
    row = {key: n for n, key in enumerate(keys)}
    document = np.array([key[0] for key in keys], np.int64)
    places = np.array([key[1:] for key in keys], np.int32).reshape(-1, 2)
    chances = np.zeros((len(keys), len(sources), len(types)), np.float32)
    column = {label: n for n, label in enumerate(types)}
    for source, given in enumerate(votes):
        for number, some in enumerate(given):
            for vote in some:
                for label, p in vote.probabilities.items():
                    chances[row[number, vote.start, vote.end], source, column[label]] = p
    seen = np.stack([_observed(document, places, chances[:, j], bins) for j in range(len(sources))], axis=1)
    words = sum(len(split_words(one.text)) for one in documents)
    unseen = max(0, words - len(keys))
    return Table(types, tuple(sources), bins, document, places, seen, chances, unseen)


def _observed(
    document: NDArray[np.int64], places: NDArray[np.int32], chances: NDArray[np.float32], bins: int
) -> NDArray[np.int32]:
    """The observations of one source, int32 [spans]."""
    found = np.full(len(document), SILENT, np.int32)
    proposed = chances.max(axis=1, initial=0.0) > 0
    best = chances.argmax(axis=1)
    top = chances.max(axis=1, initial=0.0)
    for kind in range(chances.shape[1]):
        mine = proposed & (best == kind)
        if mine.any():
            edges = np.unique(np.quantile(top[mine], np.linspace(0, 1, bins + 1)[1:-1]))
            found[mine] = 2 + kind * bins + np.searchsorted(edges, top[mine], side="right")
    found[~proposed & _beside(document, places, proposed)] = BESIDE
    return found


def _beside(
    document: NDArray[np.int64], places: NDArray[np.int32], proposed: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether a span overlaps one that the source proposed."""
    found = np.zeros(len(document), bool)
    order = np.lexsort((places[:, 0], document))
    last, edge = -1, -1
    for n in order.tolist():  # proposed spans that began before and reach into this one
        if document[n] != last:
            last, edge = int(document[n]), -1
        found[n] |= places[n, 0] < edge
        if proposed[n]:
            edge = max(edge, int(places[n, 1]))
    last, edge = -1, 2**31 - 1
    for n in order[::-1].tolist():  # and those that begin inside it
        if document[n] != last:
            last, edge = int(document[n]), 2**31 - 1
        found[n] |= edge < places[n, 1]
        if proposed[n]:
            edge = min(edge, int(places[n, 0]))
    return found
