"""Numbers and dates by pattern: what a detector of noun phrases and of coreference loses.

Years, dates in all common layouts, ranges, decades, centuries, seasons, times of day, durations, ages,
ordinals, money, percentages, quantities with and without units, numbers in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from silversmith.candidates.base import Find, Reading
from silversmith.candidates.classes import number_classes

__all__ = ["Dates", "Numbers"]

_DAY = "[DO]"
_DATE = rf"(?:{_DAY}f?M(?:,?f?Y)?|Mt?{_DAY}(?:,?Y)?|M,?f?Y|M)"
_YEAR = r"(?:[YDN]B|[YN]|D)"
_POINT = rf"(?:{_DATE}B?|YB?|[DN]B)"
_WHEN = re.compile(
    rf"(?:W,?(?:t?P?{_DATE})?"
    rf"|{_DAY}[-T&/]{_DAY}f?M(?:,?Y)?|M{_DAY}[-T&]{_DAY}(?:,?Y)?|M[-/T&]M,?Y"
    rf"|D/D/[YDN]|Y-D-D|N/D/[YDN]"
    rf"|t?[Pc]?-?{_POINT}(?:[-T]{_POINT}|-D|-N|/{_POINT}|/[DN])?-?"
    rf"|t?P?-?C(?:[-T&]P?C)?"
    rf"|t?P?-?[Oo]-?U(?:B)?|t?P?-?[Oo][-&T]P?[Oo]-?UB?"
    rf"|t?P?Ef?Y?|t?U?fYB?"
    rf"|D:[DN](?:k)?|[DN]k)"
)
_PREFIX = "tPc-W,"
_FIGURE = r"(?:[NDYR]|S)"
_SPELT = r"(?:S(?:-?[SHo])*H&S(?:-?[SHo])*|S(?:-?[SHo])+|a?H(?:&?-?[SH])*|a(?=-?[QU])|H)"
_AMOUNT = rf"(?:[SDa]-?F|{_SPELT}|{_FIGURE}(?:[-/:]{_FIGURE})?H*|F)"
_NUMBER = re.compile(
    rf"(?P<money>u?\$)?(?P<amount>{_AMOUNT})(?P<more>-?&-?a?-?F)?"
    rf"(?P<unit>-?(?:[%XQUkB]|(?<=-)\.)(?:-?l)?(?:[p/][QU])?)?|(?P<age>A[ND])|(?P<ordinal>[Oo])"
)


class Dates:
    """Dates, years, periods, seasons and times of day."""

    name = "date"

    def find(self, reading: Reading) -> Iterator[Find]:
        """Every match, its forms without `the`, `late`, `c.`, the weekday, and both ends of a range."""
        classes = number_classes(reading.tokens)
        for match in _WHEN.finditer(classes):
            first, last = match.span()
            if self._only_a_verb(reading, classes, first, last):
                continue
            yield first, last, self.name
            yield from self._variants(classes, first, last)

    def _variants(self, classes: str, first: int, last: int) -> Iterator[Find]:
        starts = [first]
        while starts[-1] + 1 < last and classes[starts[-1]] in _PREFIX:
            starts.append(starts[-1] + 1)
        starts = [start for start in starts if classes[start] not in "-,"]
        if classes[last - 1] == "-":
            last -= 1
        cuts = [place for place in range(starts[-1] + 1, last - 1) if classes[place] in "-T&"]
        for start in starts:
            for end in (last, *cuts):
                yield start, end, self.name
        for cut in cuts:
            yield cut + 1, last, self.name

    @staticmethod
    def _only_a_verb(reading: Reading, classes: str, first: int, last: int) -> bool:
        """`may` and `march` alone, in small letters."""
        return classes[first:last] == "M" and not reading.tokens[first][0].isupper()


class Numbers:
    """Counts, quantities, money, percentages, fractions, durations, ages, ordinals."""

    name = "number"

    def find(self, reading: Reading) -> Iterator[Find]:
        """Every number alone, with its currency sign and with its unit."""
        classes = number_classes(reading.tokens)
        for match in _NUMBER.finditer(classes):
            if match["amount"] is None:
                first, last = match.span()
                yield first, last, "ordinal" if match["ordinal"] else self.name
                if match["age"]:
                    yield first + 1, last, self.name
                continue
            yield from self._parts(match)

    def _parts(self, match: re.Match[str]) -> Iterator[Find]:
        start, end = match.span("amount")
        if match["amount"] != "a":
            yield start, end, self.name
            if end - start > 1 and match["amount"][0] in "SDN" and match["amount"][1] in "H":
                yield start, start + 1, self.name
        if match["more"]:
            end = match.end("more")
            yield start, end, self.name
        if match["money"]:
            yield match.start(), end, self.name
        if match["unit"]:
            yield start, match.end(), "quantity"
            if match["money"]:
                yield match.start(), match.end(), "quantity"
