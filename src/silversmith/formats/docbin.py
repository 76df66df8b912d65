"""spaCy's DocBin, `.spacy` files (extra `spacy`): what `spacy train` reads.

Entities without overlaps are `doc.ents`; if some overlap, all of them are in `doc.spans["sc"]` too. Our id
and meta travel in `doc.user_data`. A DocBin lies in memory as a whole: for big corpora write several files.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from silversmith.core.document import Document, Span
from silversmith.formats.extras import need
from silversmith.formats.files import open_bytes, open_out
from silversmith.formats.form import Form
from silversmith.formats.intake import Intake
from silversmith.formats.jsonl import json_text
from silversmith.formats.losses import Losses
from silversmith.formats.tokens import cut_at_spans, flat
from silversmith.text.words import split_words

__all__ = ["DOCBIN", "read_docbin", "write_docbin"]

_GROUP = "sc"
"""The span group that spaCy's span categoriser uses."""

_OURS = "silversmith"

_Range = tuple[int, int]


def read_docbin(path: Path, intake: Intake) -> Iterator[Document]:
    """Documents of a .spacy file: entities and every span group, each span once.

    Raises ConfigError F021 without spaCy, DataError F002 for a file that is no DocBin.
    """
    tokens, vocab = need("spacy.tokens", "spacy"), need("spacy.vocab", "spacy")
    with open_bytes(path) as file:
        content = file.read()
    try:
        docs = tokens.DocBin().from_bytes(content).get_docs(vocab.Vocab())
        for number, doc in enumerate(docs):
            yield _document(doc, number, intake)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise intake.error("F002", f"damaged, cut off or no DocBin: {error}") from None


def _document(doc: Any, number: int, intake: Intake) -> Document:
    """One spaCy Doc as a document."""
    ours = json.loads(doc.user_data.get(_OURS, "{}"))
    words = [(token.idx, token.idx + len(token.text)) for token in doc]
    where = f"document number {number + 1}"
    found: dict[tuple[int, int, str], None] = {}
    for span in [*doc.ents, *(span for group in doc.spans.values() for span in group)]:
        if span.label_ and span.end_char > span.start_char:
            found[(span.start_char, span.end_char, span.label_)] = None
        else:
            intake.losses.lose("spans without a label", where)
    sentences = None
    if doc.has_annotation("SENT_START"):
        begins = [place for place, token in enumerate(doc) if token.is_sent_start]
        sentences = _sentences(words, begins, doc.text)
    if "id" not in ours:
        intake.losses.repair("ids made for documents without one")
    return intake.document(
        ours.get("id") or intake.made_id(number),
        doc.text,
        [Span(start, end, label) for start, end, label in found],
        where=where,
        words=[place for place in words if doc.text[slice(*place)].strip()],
        sentences=sentences,
        meta=ours.get("meta"),
    )


def _sentences(tokens: Sequence[_Range], begins: Sequence[int], text: str) -> list[_Range]:
    """Sentences from the tokens that begin them, without the blanks around them."""
    borders = [*sorted({0, *begins}), len(tokens)]
    out = []
    for first, last in pairwise(borders):
        filled = [place for place in tokens[first:last] if text[slice(*place)].strip()]
        if filled:
            out.append((filled[0][0], filled[-1][1]))
    return out


def write_docbin(documents: Iterable[Document], path: Path, losses: Losses) -> None:
    """Write one .spacy file. Raises ConfigError F021 without spaCy, DataError F012 if meta is no JSON."""
    tokens, vocab = need("spacy.tokens", "spacy"), need("spacy.vocab", "spacy").Vocab()
    box = tokens.DocBin(attrs=["ENT_IOB", "ENT_TYPE", "SENT_START"], store_user_data=True)
    for document in documents:
        box.add(_doc(document, tokens, vocab, losses))
    with open_out(path) as file:
        file.write(box.to_bytes())


def _doc(document: Document, tokens: Any, vocab: Any, losses: Losses) -> Any:
    """One document as a spaCy Doc with the same text."""
    ranges, spaces = _cover(document)
    text = document.text
    starts = [start for start, _ in ranges]
    begins = {bisect_left(starts, start) for start, _ in document.sentences or ()}
    marks = [place in begins for place in range(len(ranges))] if begins else None
    doc = tokens.Doc(vocab, [text[start:end] for start, end in ranges], spaces, sent_starts=marks)
    ours = {"id": document.id} | ({"meta": document.meta} if document.meta else {})
    doc.user_data[_OURS] = json_text(ours, document)
    placed = [_placed(span, ranges, starts) for span in document.spans]
    spare = Losses()
    chosen = flat(placed, document, spare)
    doc.set_ents([tokens.Span(doc, first, last, span.label) for first, last, span in chosen])
    if len(chosen) < len(placed):
        doc.spans[_GROUP] = [tokens.Span(doc, first, last, span.label) for first, last, span in placed]
    _tell(document, ranges, sorted(begins), losses)
    return doc


def _placed(span: Span, ranges: Sequence[_Range], starts: Sequence[int]) -> tuple[int, int, Span]:
    """First token, last token + 1 and the span; tokens are cut so that this is exact."""
    first, last = bisect_left(starts, span.start), bisect_left(starts, span.end)
    while last > first and ranges[last - 1][1] > span.end:  # a gap that the token behind swallowed
        last -= 1
    return first, last, span


def _cover(document: Document) -> tuple[list[_Range], list[bool]]:
    """Tokens that cover the text but for single blanks, and whether a blank follows each."""
    text, pieces, last = document.text, [], 0
    words = document.words if document.words is not None else split_words(text)
    for start, end in [*words, (len(text), len(text))]:
        if last < start:
            pieces.append((last, start))
        if start < end:
            pieces.append((start, end))
        last = end
    pieces = cut_at_spans(pieces, document.spans)
    firsts, ends = {span.start for span in document.spans}, {span.end for span in document.spans}
    ranges: list[_Range] = []
    spaces: list[bool] = []
    for start, end in pieces:
        free = ranges and not spaces[-1] and start not in firsts
        if free and text[start] == " " and (start + 1) not in ends and ranges[-1][1] == start:
            spaces[-1] = True
            start += 1
        if start < end:
            ranges.append((start, end))
            spaces.append(False)
    return ranges, spaces


def _tell(document: Document, ranges: Sequence[_Range], begins: Sequence[int], losses: Losses) -> None:
    """Count what the tokens change of words and sentences."""
    text = document.text
    words = tuple(place for place in ranges if text[slice(*place)].strip())
    if document.words is not None and words != document.words:
        losses.lose("words cut at spans, or signs in no word that become one", document.id)
    if document.sentences is not None:
        read_back = _sentences(ranges, begins, text) if len(ranges) > 1 or begins else []
        if tuple(read_back) != document.sentences:
            losses.lose("borders of sentences that are not at a word", document.id)


DOCBIN = Form(
    name="spacy",
    about="spaCy DocBin (extra: spacy)",
    suffixes=(".spacy",),
    read=read_docbin,
    write=write_docbin,
    keeps=frozenset({"ids", "text", "spans", "nested", "meta"}),
    partly={
        "words": "cut where a span begins or ends inside one",
        "sentences": "text outside of sentences joins the one before",
    },
)
