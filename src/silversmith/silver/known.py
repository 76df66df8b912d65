"""Held-out entries and decoys: what a silver set does with terms whose nature is known.

Held-out entries are names of a type that no source was given; the share of their occurrences that the set
marks is a recall. Decoys look like entries and are none; the share of theirs that it marks is a rate of
false alarms. Both together, with the number of candidate places, give a precision (adjusted counting).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from silversmith.core import ConfigError, DataError, Document
from silversmith.silver.places import document_words
from silversmith.silver.ranges import Range, wilson

__all__ = ["Found", "adjusted_precision", "count_terms", "read_terms"]

DRAWS = 4000


@dataclass(frozen=True, slots=True)
class Found:
    """Occurrences of terms: places, and marked ones among them."""

    places: int
    marked: int

    def __add__(self, other: Found) -> Found:
        return Found(self.places + other.places, self.marked + other.marked)

    @property
    def share(self) -> Range:
        """Marked share with its 90 % range (Wilson)."""
        return wilson(self.marked, self.places)


def read_terms(lines: Iterable[str]) -> dict[str, str | None]:
    """Term -> type or None, from lines "term" or "term<TAB>type"; blank lines and # comments are skipped.

    Raises DataError Q010 if there is no term.
    """
    terms: dict[str, str | None] = {}
    for line in lines:
        term, _, label = line.strip().partition("\t")
        if term and not term.startswith("#"):
            terms[term.strip()] = label.strip() or None
    if not terms:
        raise DataError("Q010", "no term in it", remedy="write one term a line, or term, tab, type")
    return terms


def count_terms(documents: Iterable[Document], terms: Mapping[str, str | None]) -> Found:
    """Occurrences of the terms as whole words (letter case counts), and how many are marked.

    Marked: a span with just these borders, of the term's type if it has one. An occurrence inside a
    longer span or a longer occurrence is no fair test and isn't counted.
    """
    index: dict[str, list[tuple[tuple[str, ...], str | None]]] = {}
    for term, label in terms.items():
        words = _words(Document("term", term))
        if words:
            index.setdefault(words[0], []).append((tuple(words), label))
    places = marked = 0
    for document in documents:
        spans = {(span.start, span.end): span.label for span in document.spans}
        for start, end, label in _occurrences(document, index):
            mine = spans.get((start, end))
            if mine is None and any(a <= start and end <= b for a, b in spans):
                continue
            places += 1
            marked += mine is not None and label in (None, mine)
    return Found(places, marked)


def adjusted_precision(spans: int, candidates: int, known: Found, decoys: Found, *, seed: int = 0) -> Range:
    """Precision of a set of `spans` out of `candidates` places, with its 90 % range.

    If a share s of candidates are entities, spans = candidates (s r + (1 - s) f) with recall r on known
    entries and false-alarm rate f on decoys; so s is known, and precision = s r candidates / spans. The
    range comes from Beta draws of r and f. Raises ConfigError Q011 if there are fewer candidates than
    spans, or if r isn't above f (then decoys and entries can't be told apart).
    """
    if not 0 < spans <= candidates:
        raise ConfigError("Q011", f"{spans} spans of {candidates} candidates")
    if known.places == 0 or decoys.places == 0 or known.share.value <= decoys.share.value:
        raise ConfigError(
            "Q011",
            f"{known.marked} of {known.places} known entries and {decoys.marked} of {decoys.places} decoys "
            "are marked, which tells nothing of precision",
            remedy="give decoys that are no entities, and more of both",
        )
    rng = np.random.default_rng(seed)
    r, f = (rng.beta(one.marked + 0.5, one.places - one.marked + 0.5, DRAWS) for one in (known, decoys))
    share = spans / candidates
    drawn = np.clip((share - f) / np.maximum(r - f, 1e-9) * r / share, 0, 1)
    r0, f0 = known.share.value, decoys.share.value
    value = float(np.clip((share - f0) / (r0 - f0) * r0 / share, 0, 1))
    low, high = np.quantile(drawn, [0.05, 0.95])
    return Range(float(min(low, value)), value, float(max(high, value)))


def _words(document: Document) -> list[str]:
    """The words of a text."""
    return [document.text[start:end] for start, end in document_words(document)]


def _occurrences(
    document: Document, index: Mapping[str, list[tuple[tuple[str, ...], str | None]]]
) -> Iterator[tuple[int, int, str | None]]:
    """(start, end, type) of every occurrence that lies in no longer one, from left to right."""
    ranges = document_words(document)
    words = [document.text[start:end] for start, end in ranges]
    at = 0
    while at < len(words):
        fits = [
            (len(term), label)
            for term, label in index.get(words[at], [])
            if tuple(words[at : at + len(term)]) == term
        ]
        if not fits:
            at += 1
            continue
        size, label = max(fits, key=lambda fit: fit[0])
        yield ranges[at][0], ranges[at + size - 1][1], label
        at += size
