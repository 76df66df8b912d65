"""Passages: documents cut at sentences into pieces that one request can carry."""

from __future__ import annotations

from collections.abc import Iterator

from silversmith.core import Document
from silversmith.text.sentences import split_sentences

__all__ = ["LONGEST", "passages_of"]

LONGEST = 1500
"""Characters of a passage; one sentence may be longer (up to four times, then it is cut)."""


def passages_of(document: Document, longest: int = LONGEST) -> Iterator[tuple[int, int]]:
    """Ranges of characters, whole sentences each, together all that isn't blank."""
    begin = end = None
    for start, stop in document.sentences or split_sentences(document.text):
        for low in range(start, stop, 4 * longest):
            high = min(stop, low + 4 * longest)
            if begin is not None and end is not None and high - begin > longest:
                yield begin, end
                begin = None
            begin = low if begin is None else begin
            end = high
    if begin is not None and end is not None and document.text[begin:end].strip():
        yield begin, end
