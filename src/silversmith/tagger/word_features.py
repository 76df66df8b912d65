"""Hand-made features of words for the CRF: form, endings, shape, and those of the neighbours."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["word_features"]

REACH = 2
"""Neighbours on each side."""


def word_features(text: str, words: Sequence[tuple[int, int]]) -> list[list[str]]:
    """The names of each word's active features, for the words of one sentence."""
    own = [_own(text[start:end]) for start, end in words]
    found = []
    for place, mine in enumerate(own):
        names = ["bias", *mine]
        for step in range(-REACH, REACH + 1):
            if step:
                there = place + step
                around = own[there][: 3 if abs(step) == 1 else 2] if 0 <= there < len(own) else ["edge"]
                names += [f"{step:+d}|{name}" for name in around]
        if place + 1 < len(own):
            names.append(f"pair|{own[place][0]}|{own[place + 1][0]}")
        found.append(names)
    return found


def _own(word: str) -> list[str]:
    """Form, shape and kind first (neighbours see these), then beginnings and endings."""
    low = word.lower()
    shape = re.sub(r"(.)\1+", r"\1+", "".join(_kind(char) for char in word))[:12]
    names = [f"w={low}", f"shape={shape}", f"end3={low[-3:]}"]
    names += [f"begin{size}={low[:size]}" for size in (1, 2, 3, 4) if len(low) >= size]
    names += [f"end{size}={low[-size:]}" for size in (1, 2, 4) if len(low) >= size]
    if "-" in word or "/" in word:
        names.append("joined")
    return names


def _kind(char: str) -> str:
    """X, x, 9 or the sign itself."""
    if char.isupper():
        return "X"
    if char.isalpha():
        return "x"
    return "9" if char.isdigit() else char
