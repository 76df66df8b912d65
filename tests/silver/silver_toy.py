"""Synthetic documents: words in a row, some of them spans, types by turns."""

import numpy as np

from silversmith.core import Document, Span

LABELS = ("LOC", "ORG", "PER")


def document(name, spans, words=None, lengths=(1, 2), gap=2):
    """A document with so many spans of one or two words, `gap` words apart."""
    parts, ranges, found, place = [], [], [], 0

    def word(text):
        nonlocal place
        parts.append(text)
        ranges.append((place, place + len(text)))
        place += len(text) + 1

    for number in range(spans):
        for at in range(gap):
            word(f"w{number}{at}")
        first = len(ranges)
        for at in range(lengths[number % len(lengths)]):
            word(f"N{number}{at}")
        found.append(Span(ranges[first][0], ranges[-1][1], LABELS[number % len(LABELS)]))
    for at in range(gap if words is None else max(0, words - len(ranges))):
        word(f"end{at}")
    return Document(name, " ".join(parts), tuple(found), tuple(ranges))


def corpus(count, mean=8.0, seed=0):
    """Documents whose numbers of spans vary about a mean."""
    sizes = np.random.default_rng(seed).poisson(mean, count)
    return [document(f"d{at}", int(size)) for at, size in enumerate(sizes)]
