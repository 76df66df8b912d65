"""Jitter: borders of spans moved by words, only where the result is a span and meets no other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from silversmith.core import Document, Span
from silversmith.silver.places import document_words, word_span

__all__ = ["OPERATIONS", "Operation", "jittered"]

Operation = Literal["left", "right", "contract_start", "contract_end", "expand_start", "expand_end"]
"""The whole span to the left or right, or one border inwards or outwards. The paper shifts and contracts."""

OPERATIONS: tuple[Operation, ...] = get_args(Operation)

MOVES: dict[Operation, tuple[int, int]] = {
    "left": (-1, -1),
    "right": (1, 1),
    "contract_start": (1, 0),
    "contract_end": (0, -1),
    "expand_start": (-1, 0),
    "expand_end": (0, 1),
}
"""By how many words an operation of one step moves first and last."""

Words = tuple[int, int]


def jittered(
    document: Document,
    hit: Sequence[int],
    steps: int,
    operations: Sequence[Operation],
    rng: np.random.Generator,
) -> tuple[list[Span], list[int]]:
    """The document's spans with those at the positions `hit` moved, and the positions that did move.

    Each takes one of its valid (operation, number of words) by chance, words 1 to `steps` equally likely
    as far as they are valid. Valid: inside the text, not empty, meeting no span that it did not meet
    before, equal to none. The number of spans never changes.
    """
    words = document_words(document)
    spans = list(document.spans)
    held = [word_span(words, span.start, span.end) for span in spans]
    moved: list[int] = []
    for at in hit:
        valid = _valid(held, at, len(words), steps, operations)
        if not valid:
            continue
        sizes = sorted({size for size, _ in valid})
        size = sizes[int(rng.integers(len(sizes)))]
        choices = [place for other, place in valid if other == size]
        held[at] = choices[int(rng.integers(len(choices)))]
        first, last = held[at]
        spans[at] = Span(words[first][0], words[last - 1][1], spans[at].label, source="noise")
        moved.append(at)
    return spans, moved


def _valid(
    held: Sequence[Words], at: int, words: int, steps: int, operations: Sequence[Operation]
) -> list[tuple[int, Words]]:
    """(steps, words) of every valid move of one span."""
    first, last = held[at]
    if first == last:  # it touches no word, so it can't be moved by words
        return []
    others = [one for number, one in enumerate(held) if number != at]
    apart = [one for one in others if one[1] <= first or last <= one[0]]
    found = []
    for size in range(1, steps + 1):
        for name in operations:
            place = first + size * MOVES[name][0], last + size * MOVES[name][1]
            inside = 0 <= place[0] < place[1] <= words
            if inside and place not in others and all(b <= place[0] or place[1] <= a for a, b in apart):
                found.append((size, place))
    return found
