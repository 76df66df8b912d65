"""Hypothesis strategies for texts, spans and documents that find what breaks offsets.

    from hypothesis import given
    from silversmith.testing.strategies import collections

    @given(collections())
    def test_my_format_keeps_everything(documents): ...

Needs hypothesis (a tool of developers), so nothing else of the package imports this module.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from silversmith.core.document import Document, Span

__all__ = ["collections", "documents", "identifiers", "labels", "metas", "spans", "texts", "word_ranges"]

_PIECES = (
    *("Ada", "Lovelace", "London", "U.S.", "x", "3,000.5", "don't", "e-mail"),
    *("O", "#", "-", '"', "\\", "T1", "<b>"),
    *("Zu\u0308rich", "Mu\u0308", "Z\u0351\u036b", "İ", "ß", "ﬁ"),
    *("\U0001f469\U0001f3fd\u200d\U0001f52c", "\U0001f389", "\U0001f1ec\U0001f1e7", "𠮷", "𝕻"),
    *("سافرت", "לונדון", "\u200f", "艾达", "東京", "เอดา", "Ἀδα"),
)
_GAPS = [
    " ",
    " ",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "",
    ".",
    ", ",
    "\u00a0",
    "\u2028",
    "\u3000",
    "\x0b",
    "\x85",
]
_GAPS += ["\u200b", "\ufeff", "\x1c", "\x07"]


def texts(max_words: int = 12, *, blank: bool = True) -> st.SearchStrategy[str]:
    """Texts of up to `max_words` words in many scripts with all kinds of blanks, CRLF, emoji and marks.

    blank: also empty texts and texts without a word. No NUL, no half surrogate pairs: files can't hold them.
    """
    word = st.one_of(st.sampled_from(_PIECES), st.text(_SIGNS, min_size=1, max_size=6))
    piece = st.tuples(word, st.sampled_from(_GAPS)).map("".join)
    body = st.lists(piece, min_size=0 if blank else 1, max_size=max_words).map("".join)
    mixed = st.tuples(st.sampled_from(["", "", "", *_GAPS]), body).map("".join)
    return mixed if blank else mixed.filter(str.strip)


_SIGNS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")


def labels() -> st.SearchStrategy[str]:
    """Names of types, some of them awkward: long, with signs, not ASCII, like a tag."""
    return st.sampled_from(
        ["PER", "LOC", "ORG", "B-x", "Multi-tissue_structure", "größe", "组织", "a/b", "I"]
    )


def identifiers() -> st.SearchStrategy[str]:
    """Document ids, some of them awkward as file names."""
    awkward = [
        "a/b",
        "a//b",
        "..",
        ".hidden",
        "a:b*?",
        "100%",
        "%41",
        "é",
        "日本",
        "a b",
        "x.",
        "n.txt",
        "n.md",
    ]
    return st.one_of(st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True), st.sampled_from(awkward))


def metas() -> st.SearchStrategy[dict[str, Any]]:
    """Small JSON objects."""
    value = st.one_of(st.none(), st.booleans(), st.integers(-99, 99), st.text(_SIGNS, max_size=5))
    keys = st.sampled_from(["title", "lang", "größe", "n"])
    return st.dictionaries(keys, st.one_of(value, st.lists(value, max_size=3)), max_size=3)


@st.composite
def spans(
    draw: st.DrawFn, size: int, *, nested: bool = True, fragments: bool = True, scored: bool = True
) -> tuple[Span, ...]:
    """Spans in a text of `size` characters, each range with one label; nested: also overlapping ones."""
    found: dict[tuple[int, int], Span] = {}
    reach = 0
    for _ in range(draw(st.integers(0, 5)) if size else 0):
        low = 0 if nested else reach
        if low >= size:
            break
        start = draw(st.integers(low, size - 1))
        end = draw(st.integers(start + 1, size))
        reach = end
        score = draw(st.none() | st.floats(0, 1)) if scored else None
        source = draw(st.none() | st.sampled_from(["features", "llm"])) if scored else None
        pieces: tuple[tuple[int, int], ...] = ()
        if fragments and end - start >= 3 and draw(st.booleans()):
            cut = draw(st.integers(start + 1, end - 2))
            pieces = ((start, cut), (cut + 1, end))
        found[(start, end)] = Span(start, end, draw(labels()), score, source, pieces)
    return tuple(found.values())


@st.composite
def word_ranges(draw: st.DrawFn, text: str) -> tuple[tuple[int, int], ...]:
    """Sorted disjoint ranges of a text that hold more than blanks, as a corpus' own words may be."""
    cuts = draw(st.lists(st.integers(0, len(text)), max_size=12, unique=True).map(sorted))
    pairs = list(pairwise(cuts))
    return tuple((start, end) for start, end in pairs if text[start:end].strip() and draw(st.booleans()))


@st.composite
def documents(
    draw: st.DrawFn,
    *,
    nested: bool = True,
    fragments: bool = True,
    scored: bool = True,
    blank: bool = True,
    max_words: int = 12,
) -> Document:
    """Documents with spans anywhere in the text, and with words, sentences and meta or without."""
    text = draw(texts(max_words, blank=blank))
    return Document(
        draw(identifiers()),
        text,
        draw(spans(len(text), nested=nested, fragments=fragments, scored=scored)),
        draw(st.none() | word_ranges(text)),
        draw(st.none() | word_ranges(text)),
        draw(metas()),
    )


def collections(max_size: int = 4, **options: Any) -> st.SearchStrategy[list[Document]]:
    """One to `max_size` documents with different ids; options as for `documents`."""
    one = documents(**options)
    return st.lists(one, min_size=1, max_size=max_size, unique_by=lambda document: document.id)
