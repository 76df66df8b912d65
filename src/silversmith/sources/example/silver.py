"""Silver of a mined corpus: each accepted span adds its sentence, and as many sentences without any stand by.

The paper's pseudo data (appendix C) has only sentences with a span, the rest of them O. A sentence that is
met again adds nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from silversmith.core import Document, Span
from silversmith.sources.example.mining import Mining
from silversmith.sources.example.ranking import Ranked
from silversmith.sources.example.sentences import Sentence, sentences_of
from silversmith.sources.example.votes import NAME, Scored, votes_of

__all__ = ["silver_sentences"]

DIGITS = 6


def silver_sentences(
    documents: Iterable[Document], mining: Mining, *, empties: bool = True
) -> Iterator[Document]:
    """The mined corpus as documents of one sentence each, in order.

    A document that is a single sentence keeps its id; others become "id#number". empties: also sentences
    without anything near a type, as many as there are with a span, drawn by their text.
    """
    found: dict[int, dict[int, list[Ranked]]] = {}
    for one in mining.accepted():
        found.setdefault(one.document, {}).setdefault(one.sentence, []).append(one)
    positive = sum(map(len, found.values()))
    empty = _drawn(mining, positive) if empties else set()
    seen: set[bytes] = set()
    for position, document in enumerate(documents):
        marked = found.get(position, {})
        sentences = sentences_of(document, position, spaced=mining.options.spaced)
        for sentence in sentences:
            spans = marked.get(sentence.number)
            if spans is None and (document.id, sentence.number) not in empty:
                continue
            if sentence.digest() not in seen:
                seen.add(sentence.digest())
                yield _alone(document, sentence, spans or [], mining, whole=len(sentences) == 1)


def _drawn(mining: Mining, count: int) -> set[tuple[str, int]]:
    """At most `count` of the empty sentences, the same ones each time."""

    def key(one: tuple[str, int]) -> bytes:
        return hashlib.sha256(repr((mining.options.seed, one)).encode("utf-8", "surrogatepass")).digest()

    return set(sorted(mining.empty, key=key)[:count])


def _alone(
    document: Document, sentence: Sentence, spans: Sequence[Ranked], mining: Mining, *, whole: bool
) -> Document:
    """One sentence as a document."""
    scored: list[Scored] = [(one.start, one.end, one.type, one.score) for one in spans]
    votes = votes_of(document.id, scored, mining)
    low, high = (0, len(document.text)) if whole else (sentence.places[0][0], sentence.places[-1][1])
    made = [
        Span(
            vote.start - low,
            vote.end - low,
            vote.span().label,
            round(vote.span().score or 0.0, DIGITS),
            NAME,
        )
        for vote in votes
    ]
    name = document.id if whole else f"{document.id}#{sentence.number + 1}"
    words = None if document.words is None else tuple((a - low, b - low) for a, b in sentence.places)
    return Document(name, document.text[low:high], tuple(made), words)
