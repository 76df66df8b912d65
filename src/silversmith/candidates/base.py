"""Candidate, and what every generator of candidates reads and gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from silversmith.core import Document
from silversmith.models.encode import Encoded
from silversmith.models.heads import UPOS, Heads, Mentions
from silversmith.text.sentences import split_sentences
from silversmith.text.words import split_words

__all__ = ["Candidate", "CandidateGenerator", "Find", "Reading", "Rule", "identity_of", "read"]

MENTION_FLOOR = 0.02
"""Spans that the mention head holds for less likely than this are not kept in a Reading."""


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """A span that may be an entity: characters, end exclusive.

    origins: the rules that proposed it, sorted. mention: probability from the mention head (None where
    no head was used; 0.0 where the head gave less than 0.02 or the span is longer than it reads).
    """

    start: int
    end: int
    origins: tuple[str, ...] = ()
    mention: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A document with what the rules need, computed once for all of them.

    words: character ranges. tokens: their texts. sentences: ranges of words [first, last). tags: one
    UPOS tag a word, or None without heads. mentions: spans of words from the mention head, or None.
    """

    document: Document
    words: Sequence[tuple[int, int]]
    tokens: Sequence[str]
    sentences: Sequence[tuple[int, int]]
    tags: Sequence[str] | None = None
    mentions: Mentions | None = None


Find = tuple[int, int, str]
"""What a rule finds: first word, last word (exclusive), origin."""


class Rule(Protocol):
    """A rule that proposes spans of words."""

    name: str

    def find(self, reading: Reading) -> Iterable[Find]:
        """Spans of words, in any order, repeats allowed."""
        ...


class CandidateGenerator(Protocol):
    """What a source needs of candidates; `encoded` may be None for generators that read no states."""

    def propose(self, document: Document, encoded: Encoded | None = None) -> list[Candidate]:
        """The candidates of a document: distinct, sorted by start, then end."""
        ...


def identity_of(part: Any) -> dict[str, Any]:
    """`part.identity()`, or what can be told of a part that has none."""
    if hasattr(part, "identity"):
        return dict(part.identity())
    return {"name": str(getattr(part, "name", type(part).__name__))}


def read(document: Document, encoded: Encoded | None = None, heads: Heads | None = None) -> Reading:
    """Words, sentences and, where heads and states are at hand, tags and mentions of a document."""
    text = document.text
    words = split_words(text)
    tokens = [text[start:end] for start, end in words]
    sentences = list(_sentence_words(document, words))
    if heads is None or encoded is None:
        return Reading(document, words, tokens, sentences)
    for_tags, for_mentions = heads.read(text, words, encoded)
    tags = [UPOS[tag] for tag in heads.tags(for_tags).tolist()]
    return Reading(document, words, tokens, sentences, tags, heads.mentions(for_mentions, MENTION_FLOOR))


def _sentence_words(document: Document, words: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Ranges of words of the document's own sentences, or of sentences by rule."""
    ranges = document.sentences or split_sentences(document.text, words)
    first = 0
    for _, end in ranges:
        last = first
        while last < len(words) and words[last][0] < end:
            last += 1
        if last > first:
            yield first, last
        first = last
    if first < len(words):
        yield first, len(words)
