"""Tokens: what the formats of words need: words and sentences of a document, and spans in words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from silversmith.core.document import Document, Span
from silversmith.formats.losses import Losses
from silversmith.text.words import split_words

__all__ = ["Tokens", "cut_at_spans", "flat", "named", "tokens_of"]

_Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Tokens:
    """A document in words.

    words: character ranges. breaks: indices of the words that begin a sentence (0 included if there is
    one). spans: (first word, last word + 1, span) for each span that covers a word, in the document's order.
    """

    words: tuple[_Range, ...]
    breaks: tuple[int, ...]
    spans: tuple[tuple[int, int, Span], ...]


def tokens_of(document: Document, losses: Losses, *, nested: bool) -> Tokens:
    """A document in words, with what that costs counted in `losses`.

    The document's own words are kept, and spans widened to them; where it has none they are found by rule
    and cut where a span begins or ends. nested: keep overlapping spans; else the longest stay.
    """
    if document.words is None:
        words = cut_at_spans(split_words(document.text), document.spans)
        losses.note("words found by rule", document.id)
    else:
        words = [place for place in document.words if document.text[slice(*place)].strip()]
        if len(words) < len(document.words):
            losses.lose("words of blanks only", document.id, len(document.words) - len(words))
    placed = _placed(words, document, losses)
    if not nested:
        placed = flat(placed, document, losses)
    return Tokens(tuple(words), _breaks(words, placed, document, losses), tuple(placed))


def cut_at_spans(words: Sequence[_Range], spans: Sequence[Span]) -> list[_Range]:
    """The words, cut in two wherever a span begins or ends inside one."""
    borders = sorted({place for span in spans for place in (span.start, span.end)})
    out: list[_Range] = []
    for start, end in words:
        inner = borders[bisect_right(borders, start) : bisect_left(borders, end)]
        out.extend(zip([start, *inner], [*inner, end], strict=True))
    return out


def named(span: Span, document: Document) -> str:
    """A span for a loss report: 'doc1 [0, 5) PER'."""
    return f"{document.id} [{span.start}, {span.end}) {span.label}"


def flat(
    placed: Sequence[tuple[int, int, Span]], document: Document, losses: Losses
) -> list[tuple[int, int, Span]]:
    """The spans without overlaps: the longest first, ties to the earlier; the others are counted as lost."""
    taken: set[int] = set()
    kept = []
    for first, last, span in sorted(placed, key=lambda one: (one[0] - one[1], one[0])):
        if taken.isdisjoint(range(first, last)):
            taken.update(range(first, last))
            kept.append((first, last, span))
        else:
            losses.lose("nested or overlapping spans (the longer one stays)", named(span, document))
    return sorted(kept, key=lambda one: one[0])


def _placed(words: Sequence[_Range], document: Document, losses: Losses) -> list[tuple[int, int, Span]]:
    """Each span's first word and last word + 1, with the spans that don't fit words counted."""
    starts, ends = [start for start, _ in words], [end for _, end in words]
    placed = []
    for span in document.spans:
        first, last = bisect_right(ends, span.start), bisect_left(starts, span.end)
        if first >= last:
            losses.lose("spans that cover no word", named(span, document))
            continue
        if (starts[first], ends[last - 1]) != (span.start, span.end):
            losses.lose(
                "borders of spans that are not at a word (moved to whole words)", named(span, document)
            )
        placed.append((first, last, span))
    return placed


def _breaks(
    words: Sequence[_Range], placed: Sequence[tuple[int, int, Span]], document: Document, losses: Losses
) -> tuple[int, ...]:
    """Indices of the first words of sentences; a border inside a span is given up."""
    starts = [start for start, _ in words]
    wanted = document.sentences or ()
    breaks = ({bisect_left(starts, start) for start, _ in wanted} | {0}) - {len(words)}
    inside = {index for first, last, _ in placed for index in range(first + 1, last)} & breaks
    kept = sorted(breaks - inside)
    found = [(starts[one], words[end - 1][1]) for one, end in pairwise([*kept, len(words)])]
    if inside:
        losses.lose("sentence borders inside a span", document.id, len(inside))
    elif document.sentences is not None and tuple(found) != wanted:
        losses.lose("sentence borders that are not at words or leave words out", document.id)
    return tuple(kept)
