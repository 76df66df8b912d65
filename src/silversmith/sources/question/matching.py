"""Matching a pseudo-dictionary on text (METHODS 2.3): fixed spans first, then leftmost, longest terms, then
short forms of long forms (rule 8), then wider boundaries (rule 10); each mention says which rules made it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from silversmith.core import Document
from silversmith.sources.question.dictionary import PseudoDictionary, Row
from silversmith.sources.question.options import Rules
from silversmith.sources.question.widening import QualityPhrases, widen
from silversmith.text.abbreviations import find_abbreviations
from silversmith.text.matching import Match
from silversmith.text.sentences import split_sentences

__all__ = ["Annotator", "Choice", "Mention"]

Choice = Literal["drawn", "majority", "shares"]
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Mention:
    """A span with what it rests on. shares: type -> share of the term's counts. rows: of the term, by type.
    rule: what shaped it, in words."""

    start: int
    end: int
    shares: Mapping[str, float]
    rows: Mapping[str, Row]
    rule: str


class Annotator:
    """A pseudo-dictionary with the rules of its types. choice: what an ambiguous term gets: one type drawn by
    its counts (from document, place and term alone, so that no order or sharding changes it), its most
    frequent one, or all by their shares."""

    def __init__(
        self,
        dictionary: PseudoDictionary,
        rules: Mapping[str, Rules],
        *,
        phrases: QualityPhrases = frozenset(),
        choice: Choice = "shares",
    ) -> None:
        self.dictionary, self.rules, self.phrases, self.choice = dictionary, dict(rules), phrases, choice
        self.skip = max((one.skip_lower for one in rules.values()), default=0)

    def find(self, document: Document, fixed: Sequence[tuple[int, int, str]] = ()) -> list[Mention]:
        """The mentions of a document, in order; none overlap. fixed: retrieved spans (start, end, type)."""
        text = document.text
        mentions = []
        for start, end, kind in fixed:
            rows = self.dictionary.find(text[start:end]) or {}
            mentions.append(Mention(start, end, {kind: 1.0}, rows, "retrieved here"))
        places = [(start, end) for start, end, _ in fixed]
        for match in self.dictionary.matcher.find(text, places):
            mention = self._mention(document, match)
            if mention is not None:
                mentions.append(mention)
        mentions.sort(key=lambda one: one.start)
        sentences = list(document.sentences or split_sentences(text))
        mentions = self._short_forms(text, mentions, sentences)
        return self._widened(text, mentions, sentences)

    def _mention(self, document: Document, match: Match) -> Mention | None:
        """A match as a mention; None where rule 9 has it."""
        written = document.text[match.start : match.end]
        rows = self.dictionary.entries[match.term]
        if written == written.lower() and self.skip:
            words = len(written.split())
            rows = {kind: row for kind, row in rows.items() if words > self._skip(kind)}
            if not rows:
                return None
        total = sum(row.count for row in rows.values())
        shares = {kind: row.count / total for kind, row in rows.items()}
        if len(shares) > 1 and self.choice != "shares":
            kind = self._chosen(document.id, match, rows, shares)
            shares = {kind: 1.0}
        return Mention(match.start, match.end, shares, rows, "leftmost, longest term")

    def _skip(self, kind: str) -> int:
        return self.rules[kind].skip_lower if kind in self.rules else 0

    def _chosen(
        self, document: str, match: Match, rows: Mapping[str, Row], shares: Mapping[str, float]
    ) -> str:
        """The one type of an ambiguous term."""
        if self.choice == "majority":
            return max(rows, key=lambda kind: (rows[kind].count, rows[kind].probability, kind))
        term = min(row.term for row in rows.values())
        mark = f"{document}\0{match.start}\0{term}".encode("utf-8", "surrogatepass")
        draw = np.random.default_rng(int.from_bytes(hashlib.sha256(mark).digest()[:8], "little"))
        kinds = sorted(shares)
        return kinds[int(draw.choice(len(kinds), p=np.array([shares[kind] for kind in kinds])))]

    def _short_forms(self, text: str, mentions: list[Mention], sentences: Sequence[Range]) -> list[Mention]:
        """Rule 8: where a mention is a long form, its short form gets its types, in that sentence."""
        on = {kind for kind, rules in self.rules.items() if rules.abbreviations}
        added: list[Mention] = []
        for low, high in sentences:
            here = {(one.start, one.end): one for one in mentions if low <= one.start < high}
            for pair in find_abbreviations(text, low, high):
                long = here.get(pair.long)
                if long is None or not (on & set(long.shares)):
                    continue
                short = text[slice(*pair.short)]
                for start, end in _occurrences(text, short, low, high):
                    if not any(one.start < end and start < one.end for one in (*here.values(), *added)):
                        added.append(
                            replace(
                                long,
                                start=start,
                                end=end,
                                rule=f'short form of "{text[slice(*pair.long)]}"',
                            )
                        )
        return sorted([*mentions, *added], key=lambda one: one.start)

    def _widened(self, text: str, mentions: list[Mention], sentences: Sequence[Range]) -> list[Mention]:
        """Rule 10."""
        if not self.phrases:
            return mentions
        ranges = [(one.start, one.end) for one in mentions]
        made = []
        for place, one in enumerate(mentions):
            most = max((self.rules[kind].widen for kind in one.shares if kind in self.rules), default=0)
            around = next((s for s in sentences if s[0] <= one.start < s[1]), (one.start, one.end))
            near = ranges[max(0, place - 1) : place] + ranges[place + 1 : place + 2]
            start, end = widen(text, ranges[place], around, near, self.phrases, most)
            if (start, end) != ranges[place]:
                rule = f'{one.rule}; widened from "{text[one.start : one.end]}"'
                made.append(replace(one, start=start, end=end, rule=rule))
                ranges[place] = (start, end)
            else:
                made.append(one)
        return made


def _occurrences(text: str, short: str, low: int, high: int) -> Iterator[Range]:
    """The places of a string as a word of its own, as it is written."""
    at = text.find(short, low, high)
    while at >= 0:
        end = at + len(short)
        left = at == 0 or not text[at - 1].isalnum()
        if left and (end == len(text) or not text[end].isalnum()):
            yield at, end
        at = text.find(short, end, high)
