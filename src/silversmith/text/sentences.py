"""Sentences of a text by rule, with exact character offsets.

A sentence ends at a blank line; at a line break, unless the text is wrapped at a margin; after a full
stop, question or exclamation mark (with the closing quotes and brackets after it) when a blank and then
no lower-case letter follows; and after the full stops of Chinese, Japanese, Hindi, Arabic, Urdu,
Armenian and Ethiopic. A stop that belongs to a word (`Dr.`, `U.S.`, `3.5`) ends no sentence, except an
abbreviation such as `U.S.` or `Inc.` before a word that is known to start sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from silversmith.text.words import split_words

__all__ = ["split_sentences"]

_STOPS = frozenset([".", "!", "?", "...", "…", "؟", "۔", "։", "።", "।", "॥"])
_WIDE_STOPS = frozenset("。！？｡．")
_CLOSERS = frozenset(['"', "'", "''", "”", "’", ")", "]", "}", "»", "」", "』", "）"])
_PAIRED = frozenset(['"', "'"])
_STARTERS = (
    "the a an in on at he she it they we i you this that these those his her its their our my there when "
    "while after before since because although however if as for from with by but and or so what who where "
    "why how no not"
)
_STARTER = frozenset(_STARTERS.split())


def split_sentences(text: str, words: Sequence[tuple[int, int]] | None = None) -> list[tuple[int, int]]:
    """Character ranges [start, end) of the sentences: sorted, disjoint, covering every word.

    words: the text's words (silversmith.text.words), if they are at hand.
    """
    words = split_words(text) if words is None else words
    breaks = _line_break(text)
    sentences: list[tuple[int, int]] = []
    first = 0
    for place in range(len(words)):
        if place + 1 == len(words) or _ends(text, words, first, place, breaks):
            sentences.append((words[first][0], words[place][1]))
            first = place + 1
    return sentences


def _ends(
    text: str, words: Sequence[tuple[int, int]], first: int, place: int, breaks: re.Pattern[str]
) -> bool:
    """Whether a sentence that began at word `first` ends with word `place`."""
    end, following = words[place][1], words[place + 1]
    if following[0] > end and breaks.search(text, end, following[0]):
        return True
    word = text[words[place][0] : end]
    if len(word) > 1 and word[-1] == "." and word[0] != ".":
        known = text[following[0] : following[1]]
        return len(word) > 3 and known[0].isupper() and known.lower() in _STARTER
    stop = place
    while stop > first and text[words[stop][0] : words[stop][1]] in _CLOSERS:
        stop -= 1
    mark = text[words[stop][0] : words[stop][1]]
    if mark in _WIDE_STOPS:
        return text[following[0] : following[1]] not in _CLOSERS
    return mark in _STOPS and following[0] > end and _starts(text, words, stop, place)


def _starts(text: str, words: Sequence[tuple[int, int]], stop: int, place: int) -> bool:
    """Whether the word after `place` can begin a sentence, the last stop being word `stop`."""
    start, end = words[place + 1]
    word = text[start:end]
    if word[0].islower() or word in _STOPS or word in {",", ";", ":"}:
        return False
    if word not in _CLOSERS:
        return True
    # With blanks between all words a closing quote looks like an opening one: it closes if one is open.
    return (
        word in _PAIRED
        and sum(text.count(word, words[n][0], words[n][1]) for n in range(max(0, stop - 60), stop)) % 2 == 0
    )


def _line_break(text: str) -> re.Pattern[str]:
    """What separates sentences inside the blanks between two words."""
    lines = text.split("\n")
    full = [line for line, after in pairwise(lines) if line.strip() and after.strip()]
    longest = max((len(line) for line in lines), default=0)
    wrapped = (
        len(full) >= 3
        and 40 <= longest <= 130
        and sum(len(line) > 0.7 * longest for line in full) >= 0.8 * len(full)
        and sum(line.rstrip()[-1] in ".!?:" for line in full) <= 0.5 * len(full)
    )
    return re.compile(r"\n[^\S\n]*\n|[\f\u2029]" if wrapped else r"[\n\f\u2028\u2029]")
