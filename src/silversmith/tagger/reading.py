"""From a document to what the network reads: words, pieces, letter shapes; and labelled spans as words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silversmith.core import Document, Span
from silversmith.models.shapes import SHAPES, shape_codes
from silversmith.tagger.tags import WordSpan
from silversmith.text import split_words

__all__ = ["NO_SHAPE", "SHAPE_CODES", "Reader", "Reading", "word_spans"]

NO_SHAPE = 0
"""The code of a piece whose letter shape is hidden or that belongs to no word."""
SHAPE_CODES = SHAPES + 1


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as the network reads it.

    words: int32 [words, 2] characters. ids: int32 [pieces]. shapes: uint8 [pieces], the code of the word
    that a piece belongs to. first: int32 [words], the word's first piece (-1 if the document has none).
    """

    words: NDArray[np.int32]
    ids: NDArray[np.int32]
    shapes: NDArray[np.uint8]
    first: NDArray[np.int32]


class Reader:
    """Reads documents with a tagger's tokenizer (tokenizers.Tokenizer)."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        tokenizer.no_padding()
        tokenizer.no_truncation()
        tokenizer.encode_special_tokens = True  # "[SEP]" in a text is plain text

    def __call__(self, texts: Sequence[str]) -> list[Reading]:
        """The readings of some texts, in order."""
        encodings = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [_reading(text, one) for text, one in zip(texts, encodings, strict=True)]


def _reading(text: str, encoding: Any) -> Reading:
    """Words and pieces of one text."""
    words = split_words(text)
    places = np.asarray(words, np.int32).reshape(-1, 2)
    offsets = np.asarray(encoding.offsets, np.int32).reshape(-1, 2)
    shapes = np.full(len(offsets), NO_SHAPE, np.uint8)
    if not len(offsets) or not len(words):
        return Reading(places, np.asarray(encoding.ids, np.int32), shapes, np.full(len(words), -1, np.int32))
    codes = shape_codes(text, words)
    owner = np.searchsorted(places[:, 1], offsets[:, 0], side="right")
    inside = (owner < len(words)) & (places[np.minimum(owner, len(words) - 1), 0] < offsets[:, 1])
    shapes[inside] = codes[owner[inside]] + 1
    first = np.searchsorted(offsets[:, 1], places[:, 0], side="right")
    first = np.minimum(first, len(offsets) - 1)
    return Reading(places, np.asarray(encoding.ids, np.int32), shapes, first.astype(np.int32))


def word_spans(
    document: Document, words: NDArray[np.int32], *, nested: bool = False
) -> tuple[list[WordSpan], int, int]:
    """The document's spans as spans of words; how many were widened to whole words, how many left out.

    Without `nested`, of overlapping spans the surer one stays (then the longer, then the first): BIOES
    tags hold no nesting. A span that covers no word is left out.
    """
    widened = 0
    found: list[tuple[WordSpan, Span]] = []
    for span in document.spans:
        first = int(np.searchsorted(words[:, 1], span.start, side="right"))
        last = int(np.searchsorted(words[:, 0], span.end, side="left"))
        if first < last:
            widened += bool(words[first, 0] != span.start or words[last - 1, 1] != span.end)
            found.append(((first, last, span.label), span))
    if nested:
        kept = sorted({one for one, _ in found})
        return kept, widened, len(document.spans) - len(kept)
    found.sort(
        key=lambda pair: (
            -(1.0 if pair[1].score is None else pair[1].score),
            pair[0][0] - pair[0][1],
            pair[0],
        )
    )
    taken, spans = np.zeros(len(words), bool), []
    for one, _ in found:
        if not taken[one[0] : one[1]].any():
            taken[one[0] : one[1]] = True
            spans.append(one)
    return sorted(spans), widened, len(document.spans) - len(spans)
