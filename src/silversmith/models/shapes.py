"""Shapes of words: capitals, digits, signs and starts of sentences, which an uncased trunk can't see."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["SHAPES", "shape_codes"]

SHAPES = 32
"""Codes in use: sixteen shapes, twice (plus 16 for the first word of a sentence)."""

_SIGNS = {
    **dict.fromkeys([".", "!", "?", "...", "…", "。", "！", "？"], 8),
    **dict.fromkeys([",", ";", ":", "、", "，"], 9),
    **dict.fromkeys(["'", '"', "``", "''", "“", "”", "‘", "’", "«", "»", "`"], 10),
    **dict.fromkeys(["(", "[", "{"], 11),
    **dict.fromkeys([")", "]", "}"], 12),
    **dict.fromkeys(["-", "–", "—", "--", "‑", "−", "/", "&"], 13),
}
_LOWER, _CAPITAL, _INITIAL, _UPPER, _MIXED, _DIGITS, _DECIMAL, _ALPHANUMERIC, _SIGN, _CASELESS = (
    0, 1, 2, 3, 4, 5, 6, 7, 14, 15,
)  # fmt: skip


def shape_codes(text: str, words: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """One code a word, int64 [words]."""
    codes = np.empty(len(words), np.int64)
    first, end = True, 0
    for place, (start, stop) in enumerate(words):
        code = _shape(text[start:stop])
        if "\n" in text[end:start]:
            first = True
        codes[place] = code + 16 if first else code
        first = code == 8 or (first and code in (10, 11))  # a quote or bracket doesn't use up the start
        end = stop
    return codes


def _shape(word: str) -> int:
    """The code of a word, without the start of a sentence."""
    if word.islower() and word.isalpha():
        return _LOWER
    known = _SIGNS.get(word)
    if known is not None:
        return known
    if word.isdigit():
        return _DIGITS
    if any(char.isdigit() for char in word):
        return _ALPHANUMERIC if any(char.isalpha() for char in word) else _DECIMAL
    if word.isupper():
        return _INITIAL if len(word.strip(".")) == 1 else _UPPER
    if word[0].isupper():
        return _CAPITAL if word[1:].islower() else _MIXED
    if any(char.isupper() for char in word):
        return _MIXED
    if word.islower():
        return _LOWER
    return _CASELESS if any(char.isalpha() for char in word) else _SIGN
