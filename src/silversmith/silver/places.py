"""Places for spans that are none: stretches of words that no gold span touches."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np

from silversmith.core import Document
from silversmith.text import split_words

__all__ = ["Places", "document_words", "word_span"]


def document_words(document: Document) -> list[tuple[int, int]]:
    """The document's own words, else those of the text by rule."""
    return split_words(document.text) if document.words is None else list(document.words)


def word_span(words: list[tuple[int, int]], start: int, end: int) -> tuple[int, int]:
    """First and (exclusive) last word that characters [start, end) touch; equal if none."""
    first = bisect_right(words, start, key=lambda word: word[1])
    return first, max(first, bisect_left(words, end, key=lambda word: word[0]))


class Places:
    """Free places of a document: not touching gold, nor one another; as long as its gold spans are."""

    def __init__(self, document: Document) -> None:
        self.words = document_words(document)
        self.free = np.ones(len(self.words), np.bool_)
        self.lengths: list[int] = []
        for span in document.spans:
            first, last = word_span(self.words, span.start, span.end)
            self.free[first:last] = False
            self.lengths.append(max(1, last - first))
        for at, (start, end) in enumerate(self.words):
            if not any(sign.isalnum() for sign in document.text[start:end]):
                self.free[at] = False  # nobody takes a full stop for a name

    def take(self, rng: np.random.Generator) -> tuple[int, int] | None:
        """Characters of a free place, which is free no longer; None if no word is left.

        Its length in words is that of a span drawn at random; where nothing of that length is free, the
        next shorter one.
        """
        length = self.lengths[int(rng.integers(len(self.lengths)))] if self.lengths else 1
        for size in range(min(length, len(self.free)), 0, -1):
            starts = np.flatnonzero(np.convolve(self.free, np.ones(size, np.int64), "valid") == size)
            if len(starts):
                first = int(starts[int(rng.integers(len(starts)))])
                self.free[first : first + size] = False
                return self.words[first][0], self.words[first + size - 1][1]
        return None
