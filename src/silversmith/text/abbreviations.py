"""Abbreviations and their long forms in a sentence (Schwartz and Hearst 2003), with offsets.

"long (short)" and "short (long)". The short form's letters and digits are met right to left in the long form,
the first of them at the start of a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Abbreviation", "find_abbreviations", "find_long_form"]

INSIDE = re.compile(r"[(\[]\s*([^()\[\]]{1,200}?)\s*[)\]]")
CUT = re.compile(r"[;,]| or ")
WORD = re.compile(r"\S+")
LEAST, MOST, WORDS = 2, 10, 2
"""Characters and words of a short form."""


class Abbreviation(NamedTuple):
    """Ranges of characters (end exclusive) of a short form and of its long form."""

    short: tuple[int, int]
    long: tuple[int, int]


def find_abbreviations(text: str, start: int = 0, end: int | None = None) -> Iterator[Abbreviation]:
    """The pairs of a range of a text (a sentence), from left to right."""
    stop = len(text) if end is None else end
    for bracket in INSIDE.finditer(text, start, stop):
        low, high = bracket.span(1)
        inner = CUT.split(text[low:high])[0].rstrip()
        found = None
        if _is_short(inner):
            found = _pair(text, (low, low + len(inner)), start, bracket.start())
        if found is None and len(text[low:high].split()) > 1:
            before = list(WORD.finditer(text, start, bracket.start()))
            if before and _is_short(before[-1][0]):
                found = _turned(text, before[-1].span(), (low, high))
        if found is not None:
            yield found


def find_long_form(short: str, before: str) -> int | None:
    """Where the long form of a short form begins in the text that ends where it ends; None: there is none."""
    place = len(before)
    letters = [char for char in short.lower() if char.isalnum()]
    lowered = before.lower() if len(before.lower()) == len(before) else before
    for number, char in reversed(list(enumerate(letters))):
        place -= 1
        while place >= 0 and (
            lowered[place] != char or (number == 0 and place > 0 and lowered[place - 1].isalnum())
        ):
            place -= 1
        if place < 0:
            return None
    return place


def _is_short(text: str) -> bool:
    """Whether a string may be a short form."""
    return (
        LEAST <= len(text) <= MOST
        and len(text.split()) <= WORDS
        and text[0].isalnum()
        and any(char.isalpha() for char in text)
    )


def _pair(text: str, short: tuple[int, int], start: int, bracket: int) -> Abbreviation | None:
    """long (short): the long form among the words before the bracket."""
    written = text[slice(*short)]
    words = list(WORD.finditer(text, start, bracket))
    allowed = min(len(written) + 5, 2 * len(written))
    if not words:
        return None
    low, high = words[max(0, len(words) - allowed)].start(), words[-1].end()
    at = find_long_form(written, text[low:high])
    if at is None or not _fits(written, text[low + at : high]):
        return None
    return Abbreviation(short, (low + at, high))


def _turned(text: str, short: tuple[int, int], inner: tuple[int, int]) -> Abbreviation | None:
    """short (long)."""
    written = text[slice(*short)]
    at = find_long_form(written, text[slice(*inner)])
    if at is None or not _fits(written, text[inner[0] + at : inner[1]]):
        return None
    return Abbreviation(short, (inner[0] + at, inner[1]))


def _fits(short: str, long: str) -> bool:
    """A long form is longer than the short one, isn't it with words around, and not too wordy."""
    return len(long) > len(short) and short.lower() not in long.lower().split() and len(long.split()) > 1
