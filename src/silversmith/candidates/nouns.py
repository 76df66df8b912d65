"""Noun phrases by a small grammar over part-of-speech tags, and the phrases inside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from silversmith.candidates.base import Find, Reading

__all__ = ["NounParts", "NounPhrases", "tag_classes"]

_LETTERS = {
    "DET": "d",
    "ADJ": "j",
    "NOUN": "n",
    "PROPN": "p",
    "NUM": "u",
    "VERB": "v",
    "ADV": "r",
    "ADP": "i",
    "CCONJ": "&",
    "PRON": "o",
    "X": "x",
    "SYM": "y",
}
_HYPHENS = frozenset("-–‑/")
_HEAD = "[npx]"
_CORE = rf"(?:[jnpuxyv'r]-|[jnpux]'?|v(?=[jnpux-]))*{_HEAD}(?:-?u|-[npxju])*"
_PHRASE = re.compile(rf"d?({_CORE})")
_LONG = re.compile(rf"(?:d?{_CORE})(?:(?:id?|&d?|,){_CORE}){{1,2}}")
_LINKED = re.compile(r"[id&,]")


def tag_classes(tokens: Sequence[str], tags: Sequence[str]) -> str:
    """One class character a word: a letter for its tag, "-" hyphens, "'" for `'s`, "," commas, "." else."""
    letters = []
    for token, tag in zip(tokens, tags, strict=True):
        if token in _HYPHENS:
            letters.append("-")
        elif token in {",", ";"}:
            letters.append(",")
        elif tag == "PART" and token[-1:] in "s'’" and token[0] in "'’":
            letters.append("'")
        elif tag == "VERB" and not token.endswith(("ed", "ing", "en", "wn")):
            letters.append(".")
        else:
            letters.append(_LETTERS.get(tag, "."))
    return "".join(letters)


class NounPhrases:
    """Noun phrases.

    Origins: `noun phrase` a base phrase without its determiner, `determined` with it, `long phrase` two
    or three joined by a preposition, `and` or a comma.
    """

    name = "noun phrase"

    def find(self, reading: Reading) -> Iterator[Find]:
        """Phrases inside a sentence; none where there are no tags."""
        if reading.tags is None:
            return
        classes = tag_classes(reading.tokens, reading.tags)
        for first, last in reading.sentences:
            for match in _PHRASE.finditer(classes, first, last):
                start, end = match.span(1)
                yield start, end, self.name
                if match.start() < start:
                    yield match.start(), end, "determined"
            for match in _LONG.finditer(classes, first, last):
                yield from self._linked(classes, *match.span())

    def _linked(self, classes: str, start: int, end: int) -> Iterator[Find]:
        """A long phrase without its first determiner, and its parts of two base phrases."""
        start += classes[start] == "d"
        cuts = [match.start() for match in _LINKED.finditer(classes, start, end)]
        yield start, end, "long phrase"
        for cut in cuts[1:]:
            if classes[cut] != "d":
                yield start, cut, "long phrase"


class NounParts:
    """Inside noun phrases: stretches of `longest` words at most (`phrase part`), single words (`single`)."""

    name = "phrase part"

    def __init__(self, longest: int = 4) -> None:
        self.longest = longest

    def find(self, reading: Reading) -> Iterator[Find]:
        """Stretches that begin and end with a noun, adjective, number or other content word."""
        if reading.tags is None:
            return
        classes = tag_classes(reading.tokens, reading.tags)
        for first, last in reading.sentences:
            for match in _PHRASE.finditer(classes, first, last):
                start, end = match.span(1)
                for a in range(start, end):
                    for b in range(a + 1, min(end, a + self.longest) + 1):
                        if classes[a] in "jnpuxyv" and classes[b - 1] in "jnpux" and b - a < end - start:
                            yield a, b, self.name if b - a > 1 else "single"
            for place in range(first, last):
                if classes[place] in "jnpx":
                    yield place, place + 1, "single"
