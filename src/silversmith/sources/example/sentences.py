"""Sentences as the span test sees them: text with single blanks, and each word's place in the document."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from silversmith.core import Document
from silversmith.text import split_sentences, split_words

__all__ = ["Sentence", "sentences_of"]

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence.

    document: its document's place in the corpus; number: its own in the document. text: what the model
    reads. words: ranges in `text`; places: the same words in the document's text.
    """

    document: int
    document_id: str
    number: int
    text: str
    words: tuple[Range, ...]
    places: tuple[Range, ...]

    def digest(self) -> bytes:
        """16 bytes that equal sentences share."""
        seen = repr((self.text, self.words)).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(seen, digest_size=16).digest()

    def place(self, first: int, last: int) -> Range:
        """Characters of the document that words [first, last) cover."""
        return self.places[first][0], self.places[last - 1][1]


def sentences_of(document: Document, position: int, *, spaced: bool = False) -> list[Sentence]:
    """The sentences of a document that have words; its own words and sentences if it brings them.

    spaced: join words by single blanks; else blanks stand where the text has some, and only there.
    """
    words = list(split_words(document.text) if document.words is None else document.words)
    if document.sentences is None:
        ranges: Iterable[Range] = split_sentences(document.text, words)
    else:
        ranges = document.sentences
    found = []
    for number, places in enumerate(_grouped(words, [start for start, _ in ranges])):
        text, inside = _joined(document.text, places, spaced)
        found.append(Sentence(position, document.id, number, text, inside, tuple(places)))
    return found


def _grouped(words: list[Range], starts: list[int]) -> Iterator[list[Range]]:
    """The words of each sentence; words before the first or between sentences go with the one before."""
    groups: list[list[Range]] = [[] for _ in range(max(1, len(starts)))]
    for word in words:
        groups[max(0, bisect_right(starts, word[0]) - 1)].append(word)
    return (group for group in groups if group)


def _joined(text: str, places: list[Range], spaced: bool) -> tuple[str, tuple[Range, ...]]:
    """The sentence's text and its words' ranges in it."""
    parts: list[str] = []
    ranges: list[Range] = []
    size, before = 0, None
    for start, end in places:
        if before is not None and (spaced or any(sign.isspace() for sign in text[before:start])):
            parts.append(" ")
            size += 1
        parts.append(text[start:end])
        ranges.append((size, size + end - start))
        size, before = size + end - start, end
    return "".join(parts), tuple(ranges)
