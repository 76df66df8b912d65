"""Token scores: each word counts by itself, however the spans around it are cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from silversmith.core import OUTSIDE, Document
from silversmith.evaluation.counts import Counts
from silversmith.evaluation.pairing import Pair
from silversmith.evaluation.units import span_ranges, word_ranges

__all__ = ["token_counts"]


def token_counts(pairs: Iterable[Pair], *, outside: bool = False) -> Counts:
    """Words by type: a word has the type of every span that touches it (several where spans nest).

    A word is a true positive of a type that it has on both sides. outside: count O, the words without
    any span, as one more class; else they only matter as false positives and negatives.
    Words are the gold document's, else the predicted one's, else computed.
    """
    credit, found, wanted = Counter[str](), Counter[str](), Counter[str]()
    for gold, predicted in pairs:
        words = word_ranges(predicted if gold.words is None else gold)
        left, right = (_typed(document, words, outside) for document in (gold, predicted))
        credit.update(label for _, label in left & right)
        found.update(label for _, label in right)
        wanted.update(label for _, label in left)
    return Counts.of(credit, found, wanted)


def _typed(document: Document, words: Iterable[tuple[int, int]], outside: bool) -> set[tuple[int, str]]:
    """(word index, type) of every typed word, and (index, "O") of the others if wanted."""
    words = list(words)
    typed = {
        (index, span.label)
        for span, ranges in zip(document.spans, span_ranges(document.spans, words), strict=True)
        for start, end in ranges
        for index in range(start, end)
        if index >= 0  # below zero lie spans that touch no word
    }
    if outside:
        inside = {index for index, _ in typed}
        typed |= {(index, OUTSIDE) for index in range(len(words)) if index not in inside}
    return typed
