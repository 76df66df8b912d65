"""Matching many terms in text: leftmost, then longest, over normalised tokens (GeNER, section 3.3).

The original keeps phrases and their beginnings in lists and scans them at every token. Here the first token
of a place says which lengths can match at all, and one look-up a length decides, the longest first: the same
matches in time linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

__all__ = ["Match", "Matcher", "split_tokens"]

SINGLE = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ffff"
"""Scripts without blanks: each character is a token."""
HYPHENS = "\u2010\u2011\u2012\u2013-"
KEPT = re.compile(rf"([{SINGLE}]|[^\W_{SINGLE}]+|[^\w\s]|_)")
BLANK = re.compile(rf"([{SINGLE}]|[^\W_{SINGLE}]+|[^\w\s{HYPHENS}]|_)")
ALONE = 1 << 1
"""Lengths of a first token that begins no longer term."""
GAP = re.compile(r"\n\s*\n")
"""A blank line between two tokens: no term goes across."""


class Match(NamedTuple):
    """A place where a term stands. start, end: characters, end exclusive. term: its number."""

    start: int
    end: int
    term: int


def split_tokens(text: str, *, hyphens: bool = False) -> list[str]:
    """The tokens of a string as they are compared (case kept): words, each sign alone.

    hyphens: whether hyphens are tokens; else they are like blanks ("non-small" = "non small").
    """
    return (KEPT if hyphens else BLANK).findall(text)


class Matcher:
    """Terms in a form that is quick to look up. Terms that differ in what does not count are one.

    hyphens: see split_tokens. case: whether upper and lower case differ. numbers: term as compared -> its
    number, in the order of first appearance. empty: positions of the given terms that hold no token.
    """

    def __init__(self, terms: Iterable[str], *, hyphens: bool = False, case: bool = False) -> None:
        self.hyphens, self.case = hyphens, case
        self.numbers: dict[str, int] = {}
        self.lengths: dict[str, int] = {}  # first token -> bits: lengths of the terms that begin with it
        self.empty: list[int] = []
        for position, term in enumerate(terms):
            tokens = split_tokens(term if case else term.lower(), hyphens=hyphens)
            if not tokens:
                self.empty.append(position)
                continue
            key = " ".join(tokens)
            if key not in self.numbers:
                self.numbers[key] = len(self.numbers)
                self.lengths[tokens[0]] = self.lengths.get(tokens[0], 0) | 1 << len(tokens)

    def key(self, term: str) -> str:
        """A term as it is compared."""
        return " ".join(split_tokens(term if self.case else term.lower(), hyphens=self.hyphens))

    def find(
        self, text: str, fixed: Sequence[tuple[int, int]] = (), *, skip_lower: int = 0
    ) -> Iterator[Match]:
        """The matches of a text from left to right; none overlap.

        fixed: spans that no match may touch (sorted by start). skip_lower: a match of at most so many tokens
        that is written without a capital is none (rule 9).
        """
        compared = text if self.case else _lowered(text)
        parts = (KEPT if self.hyphens else BLANK).split(
            compared
        )  # what is between, token, what is between...
        tokens, known = parts[1::2], self.lengths
        places = [n for n, token in enumerate(tokens) if token in known]
        if not places:
            return
        edges = list(accumulate(map(len, parts)))
        spans = list(zip(edges[0::2], edges[1::2], strict=False))
        free = 0
        blocked = iter(fixed)
        low, high = next(blocked, (len(text), len(text)))
        for place in places:
            if place < free:
                continue
            start, end = spans[place]
            while high <= start and low < len(text):
                low, high = next(blocked, (len(text), len(text)))
            token = tokens[place]
            if known[token] == ALONE and not skip_lower and end <= low:
                free = place + 1
                yield Match(start, end, self.numbers[token])
                continue
            length = self._longest(text, tokens, spans, place, low, skip_lower)
            if length:
                free = place + length
                end = spans[free - 1][1]
                yield Match(start, end, self.numbers[" ".join(tokens[place:free])])

    def _longest(
        self,
        text: str,
        tokens: Sequence[str],
        spans: Sequence[tuple[int, int]],
        place: int,
        limit: int,
        skip_lower: int,
    ) -> int:
        """Tokens of the longest term that begins at a place and ends before `limit`; 0: none."""
        bits = self.lengths[tokens[place]]
        while bits:
            length = bits.bit_length() - 1
            bits ^= 1 << length
            last = place + length - 1
            if last >= len(tokens) or (spans[last][1] > limit and spans[place][0] < limit):
                continue
            if spans[place][0] >= limit or " ".join(tokens[place : last + 1]) not in self.numbers:
                continue
            start, end = spans[place][0], spans[last][1]
            if length <= skip_lower and text[start:end] == text[start:end].lower():
                continue
            if length > 1 and GAP.search(text, start, end):
                continue
            return length
        return 0


def _lowered(text: str) -> str:
    """Lower case of the same length: a character that would become several stays as it is."""
    found = text.lower()
    if len(found) == len(text):
        return found
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)
