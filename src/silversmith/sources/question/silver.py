"""Silver of a retrieval: each kept sentence a document, with everything that the dictionary finds in it.

One sentence is one document, whichever questions found it; spans that were retrieved there come first, where
two overlap the likelier, then the longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from silversmith.core import Document, Span
from silversmith.sources.question.matching import Annotator, Mention
from silversmith.sources.question.phrases import sentence_ranges
from silversmith.sources.question.retrieval import Answer, Found, sentence_key

__all__ = ["NAME", "probabilities", "silver_sentences"]

NAME = "question"
DIGITS = 6


def probabilities(mention: Mention) -> dict[str, float]:
    """Type -> probability: its share of the term's counts times the term's own probability with it."""
    found = {
        kind: share * (mention.rows[kind].probability if kind in mention.rows else 0.5)
        for kind, share in mention.shares.items()
    }
    return {kind: min(0.999, p) for kind, p in found.items()}


def silver_sentences(
    documents: Iterable[Document], found: Found, annotator: Annotator, *, whole: bool = False
) -> Iterator[Document]:
    """The kept sentences of a corpus, in its order.

    documents: those of the index. whole: all sentences, so that those without an answer teach what is none.
    A document that is a single sentence keeps its id; others become "id#number".
    """
    kept: dict[str, list[Answer]] = {}
    for one in found.answers:
        kept.setdefault(one.document, []).append(one)
    keys = {one.key for one in found.answers}
    seen: set[str] = set()
    for document in documents:
        ranges = sentence_ranges(document)
        for number, (low, high) in enumerate(ranges):
            key = sentence_key(document.text[low:high])
            if (key not in keys and not whole) or key in seen:
                continue
            seen.add(key)
            alone = _alone(document, number, (low, high), single=len(ranges) == 1)
            shift = 0 if len(ranges) == 1 else low
            here = [one for one in kept.get(document.id, ()) if low <= one.start and one.end <= high]
            fixed = [(start - shift, end - shift, kind) for start, end, kind in _fixed(found, here)]
            yield _marked(alone, annotator.find(alone, fixed))


def _fixed(found: Found, answers: Sequence[Answer]) -> list[tuple[int, int, str]]:
    """(start, end, type) of retrieved spans, sorted; none overlap."""
    taken: list[tuple[int, int, str]] = []
    for one in sorted(answers, key=lambda one: (-one.probability, one.start - one.end, one.start)):
        if not any(start < one.end and one.start < end for start, end, _ in taken):
            taken.append((one.start, one.end, found.questions[one.question].type))
    return sorted(taken)


def _alone(document: Document, number: int, place: tuple[int, int], *, single: bool) -> Document:
    """One sentence as a document without spans."""
    if single:
        return Document(document.id, document.text, words=document.words)
    low, high = place
    words = document.words
    if words is not None:
        words = tuple((a - low, b - low) for a, b in words if low <= a and b <= high)
    return Document(f"{document.id}#{number + 1}", document.text[low:high], words=words)


def _marked(document: Document, mentions: Sequence[Mention]) -> Document:
    """The document with a span a mention."""
    from dataclasses import replace

    spans = []
    for one in mentions:
        chances = probabilities(one)
        kind = max(chances, key=lambda name: (chances[name], name))
        spans.append(Span(one.start, one.end, kind, round(chances[kind], DIGITS), NAME))
    return replace(document, spans=tuple(spans))
