"""Units: a span as a set of words or of characters, and the overlap (IoU) of two such sets."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from silversmith.core import ConfigError, Document, Span

__all__ = ["Ranges", "Unit", "check_unit", "iou", "overlapping", "span_ranges", "word_ranges"]

Unit = Literal["words", "characters"]
"""What overlap is counted in."""

Ranges = tuple[tuple[int, int], ...]
"""Sorted disjoint ranges [start, end) in one unit; one range, unless the span has fragments."""


def check_unit(unit: str) -> None:
    """Raise ConfigError E005 if `unit` is none of ours."""
    if unit not in ("words", "characters"):
        raise ConfigError("E005", f"unit={unit!r}", remedy="valid: words, characters")


def word_ranges(document: Document) -> Sequence[tuple[int, int]]:
    """The document's own words, else those of `silversmith.text.words.split_words`."""
    if document.words is not None:
        return document.words
    from silversmith.text.words import split_words  # its tables take a moment to build

    return split_words(document.text)


def span_ranges(spans: Iterable[Span], words: Sequence[tuple[int, int]] | None) -> list[Ranges]:
    """Each span's set: of the words that it touches, or of its characters if `words` is None.

    A span that touches no word (blanks, or words that leave out some text) keeps its characters,
    mirrored below zero where no word lies: it can still equal another such span, never a word.
    """
    pieces = ((span.fragments or ((span.start, span.end),)) for span in spans)
    if words is None:
        return [_merged(ranges) for ranges in pieces]
    starts = [start for start, _ in words]
    ends = [end for _, end in words]
    found: list[Ranges] = []
    for ranges in pieces:
        touched = [(bisect_right(ends, start), bisect_left(starts, end)) for start, end in ranges]
        inside = [(low, high) for low, high in touched if low < high]
        found.append(_merged(inside or [(-end, -start) for start, end in ranges]))
    return found


def iou(a: Ranges, b: Ranges) -> float:
    """Intersection over union of two sets of units, 0 to 1."""
    if len(a) == len(b) == 1:
        (low, high), (low2, high2) = a[0], b[0]
        common = min(high, high2) - max(low, low2)
        return common / (high - low + high2 - low2 - common) if common > 0 else 0.0
    common = sum(max(0, min(high, high2) - max(low, low2)) for low, high in a for low2, high2 in b)
    return common / (_size(a) + _size(b) - common)


def overlapping(gold: Sequence[Ranges], predicted: Sequence[Ranges]) -> Iterator[tuple[int, int]]:
    """Index pairs (gold, predicted) whose hulls meet; near-linear on spans as texts have them."""
    order = sorted(range(len(gold)), key=lambda index: gold[index][0][0])
    starts = [gold[index][0][0] for index in order]
    reach: list[int] = []  # the furthest end so far is sorted even where spans nest, so it can be bisected
    for index in order:
        end = gold[index][-1][1]
        reach.append(max(end, reach[-1]) if reach else end)
    for other, ranges in enumerate(predicted):
        low, high = ranges[0][0], ranges[-1][1]
        for at in range(bisect_right(reach, low), bisect_left(starts, high)):
            if gold[order[at]][-1][1] > low:
                yield order[at], other


def _merged(ranges: Sequence[tuple[int, int]]) -> Ranges:
    """Sorted, and joined where they meet or touch."""
    if len(ranges) == 1:
        return (ranges[0],)
    joined: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _size(ranges: Ranges) -> int:
    """Number of units."""
    return sum(end - start for start, end in ranges)
