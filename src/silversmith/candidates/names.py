"""Names by shape: runs of capitalised words, joined across `of`, `de`, `'s`, `&`, hyphens, and parts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from silversmith.candidates.base import Find, Reading
from silversmith.candidates.classes import name_classes

__all__ = ["Names", "Quotes"]

_NEXT = r"(?:[cN]|\([cN]{1,4}\)|q[cN]{1,4}q|'[cN]?|-[cNpf.]|[,&]&?[cN]|[fpt&'.]{1,3}(?=[cN]))"
_LONG = re.compile(rf"[cN]{_NEXT}*")
_SEGMENT = re.compile(r"[cN]+(?:[-'][cN]+|(?<=c)-[pf.](?:-[pf.])?)*")
_REACH = 4


class Names:
    """Capitalised runs.

    Origins: `name` a run, `the` with its article, `part` its parts, `joined` several runs with what
    stands between them, `joined part` the same from inside a run or to inside one.
    """

    name = "name"

    def __init__(self, longest: int = 12) -> None:
        self.longest = longest

    def find(self, reading: Reading) -> Iterator[Find]:
        """Runs inside a sentence."""
        classes = name_classes(reading.tokens, reading.sentences)
        for first, last in reading.sentences:
            for match in _LONG.finditer(classes, first, last):
                if "c" in match[0]:
                    yield from self._run(classes, first, *match.span())

    def _run(self, classes: str, first: int, start: int, end: int) -> Iterator[Find]:
        """All that one long run gives: its segments, their parts, and stretches between segments."""
        segments = [match.span() for match in _SEGMENT.finditer(classes, start, end)]
        for place, (a, b) in enumerate(segments):
            if "c" in classes[a:b]:
                yield a, b, self.name
                if classes[b : b + 1] == "'":
                    yield a, b + 1, "joined part"
                if a > first and classes[a - 1] == "t":
                    yield a - 1, b, "the"
                yield from self._parts(classes, a, b)
            for c, d in segments[place + 1 :]:
                if c - b > self.longest:
                    break
                yield from self._joined(classes, (a, b), (c, d), first)

    def _parts(self, classes: str, a: int, b: int) -> Iterator[Find]:
        """Stretches of a segment."""
        for start in range(a, b):
            for end in range(start + 1, min(b, start + 6) + 1):
                if end - start < b - a and classes[start] in "cN" and classes[end - 1] in "cN":
                    yield start, end, "part"

    def _joined(
        self, classes: str, head: tuple[int, int], tail: tuple[int, int], first: int
    ) -> Iterator[Find]:
        """From a word of the first segment's end to a word of the last segment's beginning."""
        (a, b), (c, d) = head, tail
        for start in range(max(a, b - _REACH), b):
            for end in range(c + 1, min(d, c + _REACH) + 1):
                if end - start <= self.longest and classes[start] in "cN" and classes[end - 1] in "cN.":
                    yield start, end, "joined" if (start, end) == (a, d) else "joined part"
        if a > first and classes[a - 1] == "t" and d - a < self.longest:
            yield a - 1, d, "joined"


class Quotes:
    """What stands between quotation marks: titles of works, nicknames."""

    name = "quoted"

    def __init__(self, longest: int = 12) -> None:
        self.longest = longest

    def find(self, reading: Reading) -> Iterator[Find]:
        """The words between an opening and the next closing mark of the same kind, in one sentence."""
        closing = {"“": "”", "``": "''", "«": "»", '"': '"', "‘": "’", "「": "」", "„": "“"}
        for first, last in reading.sentences:
            opened: dict[str, int] = {}
            for place in range(first, last):
                token = reading.tokens[place]
                if token in opened:
                    start = opened.pop(token)
                    if 0 < place - start <= self.longest:
                        yield start, place, self.name
                elif token in closing:
                    opened[closing[token]] = place + 1
