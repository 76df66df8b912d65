"""The union of rules: one list of distinct candidates with their origins; every drop has a counted reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from silversmith.candidates.base import Candidate, Reading, Rule, read
from silversmith.candidates.names import Names, Quotes
from silversmith.candidates.nouns import NounParts, NounPhrases
from silversmith.candidates.numbers import Dates, Numbers
from silversmith.candidates.spans import Mentioned, NGrams
from silversmith.core import ConfigError, Document
from silversmith.core.errors import nearest
from silversmith.models.encode import Encoded
from silversmith.models.heads import Heads

__all__ = ["PRESETS", "Union", "preset"]

OPENING, CLOSING = "([{", ")]}"
VERSION = 1
"""Raised when a rule changes, so that cached candidates are made again."""


class Union:
    """Rules together. `heads` gives tags and mention probabilities; without it rules of shape still work.

    least: origin -> the mention probability that a span needs when only this origin proposes it (an
    origin not named needs none; all need none without heads). longest: words a candidate may have.
    dropped: reason -> spans, counted since the Union was made: "too long", "signs only", "sign at an
    end", "across sentences", "unlikely mention", "duplicate" (the same span from another rule, merged).
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        heads: Heads | None = None,
        *,
        least: Mapping[str, float] | None = None,
        longest: int = 12,
        name: str = "union",
    ) -> None:
        self.rules, self.heads, self.longest, self.name = list(rules), heads, longest, name
        self.least = dict(least or {})
        self.dropped: Counter[str] = Counter()

    @property
    def taps(self) -> tuple[int, ...]:
        """What `encoded.states` must hold for the heads."""
        return () if self.heads is None else self.heads.taps

    def identity(self) -> dict[str, Any]:
        """What must be equal for two unions to give the same candidates."""
        rules = [
            {"rule": rule.name} | {key: value for key, value in vars(rule).items() if key[0] != "_"}
            for rule in self.rules
        ]
        heads = None if self.heads is None else self.heads.identity()
        return {
            "name": self.name,
            "version": VERSION,
            "rules": rules,
            "least": self.least,
            "longest": self.longest,
            "heads": heads,
        }

    def propose(self, document: Document, encoded: Encoded | None = None) -> list[Candidate]:
        """The candidates of a document: distinct, sorted by start, then end."""
        return self.choose(read(document, encoded, self.heads))

    def choose(self, reading: Reading) -> list[Candidate]:
        """The candidates of a document that was read already."""
        origins: dict[tuple[int, int], set[str]] = {}
        proposals = 0
        for rule in self.rules:
            for first, last, origin in rule.find(reading):
                origins.setdefault((first, last), set()).add(origin)
                proposals += 1
        self.dropped["duplicate"] += proposals - len(origins)
        likely = _likelihoods(reading)
        ends = {last for _, last in reading.sentences}
        candidates = []
        for span in sorted(origins):
            probability = None if likely is None else likely.get(span, 0.0)
            reason = self._reason(reading, span, ends) or self._unlikely(origins[span], probability)
            if reason:
                self.dropped[reason] += 1
                continue
            start, end = reading.words[span[0]][0], reading.words[span[1] - 1][1]
            candidates.append(Candidate(start, end, tuple(sorted(origins[span])), probability))
        return candidates

    def _unlikely(self, origins: set[str], probability: float | None) -> str | None:
        """The reason to drop a span for its mention probability, if all its origins ask for more."""
        if probability is None or any(probability >= self.least.get(origin, 0.0) for origin in origins):
            return None
        return "unlikely mention"

    def _reason(self, reading: Reading, span: tuple[int, int], ends: set[int]) -> str | None:
        """The reason to drop a span for its form, or None."""
        first, last = span
        if last - first > self.longest:
            return "too long"
        tokens = reading.tokens[first:last]
        if not any(char.isalnum() for token in tokens for char in token):
            return "signs only"
        if _sign(tokens[0], OPENING) or _sign(tokens[-1], CLOSING):
            return "sign at an end"
        if any(place in ends for place in range(first + 1, last)):
            return "across sentences"
        return None


def _sign(token: str, allowed: str) -> bool:
    """Whether a token at the edge of a span is a sign that can't stand there."""
    return len(token) == 1 and not token.isalnum() and token not in allowed + "$€£¥%°!?'’-–"


def _likelihoods(reading: Reading) -> dict[tuple[int, int], float] | None:
    """(first word, last word) -> mention probability."""
    found = reading.mentions
    if found is None:
        return None
    spans = zip(found.start.tolist(), found.end.tolist(), strict=True)
    return dict(zip(spans, found.probability.tolist(), strict=True))


def _general(heads: Heads | None) -> Union:
    """Names, numbers, dates, titles: for news, encyclopaedias, business."""
    rules: list[Rule] = [Dates(), Numbers(), Names(), Quotes(), NounPhrases(), Mentioned(0.2)]
    least = {
        "part": 0.1,
        "joined": 0.1,
        "joined part": 0.1,
        "the": 0.1,
        "ordinal": 0.05,
        "noun phrase": 0.2,
        "long phrase": 0.2,
        "determined": 0.3,
    }
    return Union(rules, heads, least=least, name="general")


def _anatomy(heads: Heads | None) -> Union:
    """Parts of noun phrases and single words: for domains whose entities are common nouns.

    Without heads there are no tags, so all n-grams of up to four words are proposed instead.
    """
    if heads is None:
        return Union([NGrams(4)], name="anatomy")
    rules: list[Rule] = [NounPhrases(), NounParts(), Mentioned(0.05)]
    least = {"noun phrase": 0.02, "phrase part": 0.05, "long phrase": 0.5, "determined": 0.5}
    return Union(rules, heads, least=least, name="anatomy")


def _open(heads: Heads | None) -> Union:
    """Names and common nouns, numbers and dates: for types that are known by their names alone.

    Of the mentions that an open annotation marks it finds 98 %, with 0.6 candidates a word. Without heads
    all n-grams of up to four words take the place of noun phrases.
    """
    if heads is None:
        return Union([Dates(), Numbers(), Names(), Quotes(), NGrams(4)], name="open")
    rules: list[Rule] = [Dates(), Numbers(), Names(), Quotes(), NounPhrases(), NounParts(), Mentioned(0.05)]
    least = {
        "part": 0.05,
        "joined": 0.05,
        "joined part": 0.05,
        "the": 0.1,
        "ordinal": 0.05,
        "noun phrase": 0.05,
        "phrase part": 0.05,
        "long phrase": 0.2,
        "determined": 0.3,
    }
    return Union(rules, heads, least=least, name="open")


def _everything(heads: Heads | None) -> Union:
    """All rules and all n-grams, nothing dropped for its probability: to look at, not to label with."""
    rules: list[Rule] = [Dates(), Numbers(), Names(), Quotes(), NounPhrases(), NounParts(), NGrams()]
    return Union([*rules, Mentioned(0.02)], heads, name="everything")


PRESETS: dict[str, Callable[[Heads | None], Union]] = {
    "general": _general,
    "anatomy": _anatomy,
    "open": _open,
    "everything": _everything,
}
"""Ready unions by name."""


def preset(name: str, heads: Heads | None = None) -> Union:
    """A ready union. Raises ConfigError T001 for an unknown name."""
    if name not in PRESETS:
        raise ConfigError("T001", f"no candidate preset {name!r}", remedy=nearest(name, PRESETS))
    return PRESETS[name](heads)
