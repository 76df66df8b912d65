"""Grounding: every place in the text where an answered phrase stands."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["ground"]


def ground(text: str, phrase: str) -> list[tuple[int, int]]:
    """Character ranges of all occurrences at word boundaries, none overlapping.

    As it is written; else in any case; else with any blanks between its words. Empty: the model made it up.
    """
    words = phrase.split()
    if not words:
        return []
    exact = re.escape(phrase.strip())
    loose = r"\s+".join(map(re.escape, words))
    for pattern, flags in ((exact, 0), (exact, re.IGNORECASE), (loose, re.IGNORECASE)):
        found = list(_places(text, pattern, flags))
        if found:
            return found
    return []


def _places(text: str, pattern: str, flags: int) -> Iterable[tuple[int, int]]:
    """Matches that cut no word."""
    for match in re.finditer(pattern, text, flags):
        start, end = match.span()
        before, after = text[start - 1 : start], text[end : end + 1]
        if not (before.isalnum() and text[start].isalnum()) and not (
            after.isalnum() and text[end - 1].isalnum()
        ):
            yield start, end
