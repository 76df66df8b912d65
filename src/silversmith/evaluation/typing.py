"""Typing on gold spans: one label for each gold span, "O" allowed and counted as an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silversmith.core import OUTSIDE, ConfigError, DataError, Document, Span, Vote
from silversmith.evaluation.counts import Counts

__all__ = ["Confusion", "confusion", "gold_votes", "top_n_accuracy", "typing_counts"]


@dataclass(frozen=True, slots=True)
class Confusion:
    """matrix: int64 [gold label, predicted label]; labels: sorted types, "O" last if it occurs."""

    labels: tuple[str, ...]
    matrix: NDArray[np.int64]

    def to_json(self) -> dict[str, Any]:
        """{"labels": [...], "matrix": [[...], ...]}, rows gold."""
        return {"labels": list(self.labels), "matrix": self.matrix.tolist()}


def typing_counts(gold: Sequence[str], predicted: Sequence[str]) -> Counts:
    """Counts of parallel labels: a wrong type is an fp of it and an fn of gold's; "O" only an fn.

    Raises ConfigError E005 for other lengths or a gold label "O".
    """
    _check(gold, predicted)
    credit = Counter(one for one, other in zip(gold, predicted, strict=True) if one == other)
    return Counts.of(credit, Counter(label for label in predicted if label != OUTSIDE), Counter(gold))


def top_n_accuracy(gold: Sequence[str], ranked: Sequence[Sequence[str]], n: int) -> float:
    """Share of gold spans whose type is among the first n labels; ranked[i]: best first, O included.

    Raises ConfigError E005 for other lengths or n < 1. No span at all: 0.
    """
    _check(gold, ranked)
    if n < 1:
        raise ConfigError("E005", f"top-{n} accuracy", remedy="n is 1 or more")
    hits = sum(label in labels[:n] for label, labels in zip(gold, ranked, strict=True))
    return hits / len(gold) if gold else 0.0


def confusion(gold: Sequence[str], predicted: Sequence[str]) -> Confusion:
    """How often each gold label got each predicted one. Raises ConfigError E005 for other lengths."""
    _check(gold, predicted)
    labels = sorted({*gold, *predicted} - {OUTSIDE}) + [OUTSIDE] * (OUTSIDE in {*predicted})
    index = {label: at for at, label in enumerate(labels)}
    matrix = np.zeros((len(labels), len(labels)), np.int64)
    for one, other in zip(gold, predicted, strict=True):
        matrix[index[one], index[other]] += 1
    return Confusion(tuple(labels), matrix)


def gold_votes(
    documents: Iterable[Document], votes: Iterable[Iterable[Vote]]
) -> Iterator[tuple[Document, Span, Vote | None]]:
    """Each gold span with the vote of the same document and offsets, None where there is none (an "O").

    votes: one list a document, in the documents' order. Raises DataError: E006 not as many lists as
    documents or votes of another document, E007 two votes for one span.
    """
    for document, mine in _zipped(documents, votes):
        found: dict[tuple[int, int], Vote] = {}
        for vote in mine:
            place = f"document {document.id!r} [{vote.start}, {vote.end})"
            if vote.document_id != document.id:
                raise DataError(
                    "E006", f"a vote of document {vote.document_id!r} is out of order", where=place
                )
            if (vote.start, vote.end) in found:
                raise DataError("E007", "two votes for one span", where=place, remedy="fuse them first")
            found[vote.start, vote.end] = vote
        for span in document.spans:
            yield document, span, found.get((span.start, span.end))


def _zipped(
    documents: Iterable[Document], votes: Iterable[Iterable[Vote]]
) -> Iterator[tuple[Document, Iterable[Vote]]]:
    """zip(strict=True) with an error of ours."""
    try:
        yield from zip(documents, votes, strict=True)
    except ValueError as error:
        if "zip()" not in str(error):
            raise
        raise DataError("E006", "there are not as many lists of votes as documents") from None


def _check(gold: Sequence[str], other: Sequence[Any]) -> None:
    """Raise ConfigError E005 unless both are as long and gold has no O."""
    if len(gold) != len(other):
        raise ConfigError("E005", f"{len(gold)} gold labels for {len(other)} predictions")
    if OUTSIDE in gold:
        raise ConfigError("E005", "a gold label is 'O'", remedy="typing is scored on gold spans only")
