"""DocRED JSON: tokens in sentences, entities as clusters of mentions (`vertexSet`), one array of documents.

    [{"title": "...", "sents": [["Ada", "wrote", "it", "."]],
      "vertexSet": [[{"name": "Ada", "sent_id": 0, "pos": [0, 1], "type": "PER"}]]}]

The text is the tokens joined by blanks. Mentions become spans; clusters and relations are lost.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from silversmith.core.document import Document, Span
from silversmith.formats.files import open_out
from silversmith.formats.form import Form
from silversmith.formats.intake import Intake
from silversmith.formats.jsonin import Record, array_records
from silversmith.formats.jsonl import json_text
from silversmith.formats.losses import Losses
from silversmith.formats.tokens import tokens_of

__all__ = ["DOCRED", "read_docred", "write_docred"]

_Range = tuple[int, int]


def read_docred(path: Path, intake: Intake, *, ids: str = "") -> Iterator[Document]:
    """Documents of a DocRED (or Re-DocRED) file. ids: pattern of the ids, e.g. "dev-{:04d}".

    Blank tokens are removed and positions re-mapped; a span listed twice is merged; the same span with a
    second type is lost.
    Raises DataError: F006 no JSON, F011 a field missing, F017 a position outside its sentence.
    """
    for number, record in enumerate(array_records(path, intake)):
        own = record.get("id")
        id = own if isinstance(own, str) and own and not ids else intake.made_id(number, ids)
        yield _document(record, id, intake)


def _document(record: Record, id: str, intake: Intake) -> Document:
    """The document of one record."""
    text, sentences, places = _joined(record)
    words = tuple(place for row in places for place in row if place)
    spans: dict[_Range, Span] = {}
    for cluster in record.items_of("vertexSet"):
        if not isinstance(cluster, list):
            raise record.error("an entity in 'vertexSet' is no list of mentions")
        if len(cluster) > 1:
            intake.losses.lose("clusters of mentions", id)
        for mention in cluster:
            span = _span(mention, places, text, record, id)
            if span is None:
                intake.losses.lose("mentions of blank tokens only", id)
            elif (old := spans.setdefault((span.start, span.end), span)) is not span:
                what = f"{id} [{span.start}, {span.end}) {old.label}"
                if old.label == span.label:
                    intake.losses.repair("mentions listed twice (merged)", what)
                else:
                    intake.losses.lose("second types of a span (the first stays)", f"{what}, {span.label}")
    if labels := record.items_of("labels"):
        intake.losses.lose("relations", id, len(labels))
    title = record.get("title")
    meta = ({"title": title} if isinstance(title, str) and title != record.get("id") else {}) | record.meta()
    return intake.document(
        id, text, spans.values(), line=record.line, words=words, sentences=sentences, meta=meta
    )


def _joined(record: Record) -> tuple[str, list[_Range], list[list[_Range | None]]]:
    """The text, the sentences' ranges, and for each sentence and token its range (None for a blank token)."""
    tokens: list[str] = []
    sentences, places, size = [], [], 0
    for number, sentence in enumerate(record.items_of("sents")):
        if not isinstance(sentence, list) or not all(isinstance(token, str) for token in sentence):
            raise record.error(f"sentence {number} of 'sents' is no list of strings")
        row: list[_Range | None] = []
        for token in sentence:
            if not token.strip():
                record.intake.losses.repair("blank tokens (removed, positions re-mapped)")
                row.append(None)
                continue
            row.append((size, size + len(token)))
            tokens.append(token)
            size += len(token) + 1
        filled = [place for place in row if place]
        if filled:
            sentences.append((filled[0][0], filled[-1][1]))
        places.append(row)
    return " ".join(tokens), sentences, places


def _span(mention: Any, places: list[list[_Range | None]], text: str, record: Record, id: str) -> Span | None:
    """The span of a mention, or None if it holds blank tokens only."""
    try:
        sentence, (first, last), label = mention["sent_id"], mention["pos"], mention["type"]
        row = places[sentence]
        fits = sentence >= 0 and 0 <= first < last <= len(row) and isinstance(label, str)
    except (KeyError, IndexError, TypeError, ValueError):
        fits = False
    if not fits:
        raise record.intake.error(
            "F017",
            f"mention {json.dumps(mention, ensure_ascii=False)[:80]} lies outside its sentence",
            record.line,
            where=f"document {id!r}",
            remedy="'pos' is [first, last + 1] in tokens of sentence 'sent_id'",
        )
    filled = [place for place in row[first:last] if place]
    if not filled:
        return None
    with record.intake.at(record.line, where=f"document {id!r}"):
        span = Span(filled[0][0], filled[-1][1], label)
    name = mention.get("name")
    if isinstance(name, str) and name.split() != text[span.start : span.end].split():
        record.intake.losses.note(
            "names that differ from their tokens (positions followed)", f"{id} {name!r}"
        )
    return span


def write_docred(documents: Iterable[Document], path: Path, losses: Losses) -> None:
    """Write one array of documents; each span is an entity of its own. Raises DataError F012."""
    with open_out(path) as file:
        for number, document in enumerate(documents):
            line = json_text(_record(document, losses), document)
            file.write((",\n" if number else "[\n").encode() + line.encode("utf-8"))
        file.write(b"\n]\n" if losses.documents else b"[]\n")


def _record(document: Document, losses: Losses) -> dict[str, Any]:
    """The JSON object of a document."""
    tokens = tokens_of(document, losses, nested=True)
    text = document.text
    words = [text[start:end] for start, end in tokens.words]
    if " ".join(words) != text:
        losses.lose("blanks between words and signs in no word", document.id)
    borders = [*tokens.breaks, len(words)]
    sents = [words[first:last] for first, last in pairwise(borders)]
    vertices: list[list[dict[str, Any]]] = []
    seen: dict[_Range, Span] = {}
    for first, last, span in tokens.spans:
        if seen.setdefault((first, last), span) is not span:
            losses.lose(
                "second spans at the same words", f"{document.id} [{span.start}, {span.end}) {span.label}"
            )
            continue
        number = bisect_right(tokens.breaks, first) - 1
        begin = tokens.breaks[number]
        name = text[span.start : span.end]
        mention = {"name": name, "sent_id": number, "pos": [first - begin, last - begin], "type": span.label}
        vertices.append([mention])
    meta = dict(document.meta)
    title = meta.get("title")
    if isinstance(title, str) and title != document.id:
        del meta["title"]
    else:
        title = document.id
    record = {"id": document.id, "title": title, "sents": sents, "vertexSet": vertices}
    return record | ({"meta": meta} if meta else {})


DOCRED = Form(
    name="docred",
    about="DocRED and Re-DocRED JSON (vertexSet)",
    suffixes=(),
    read=read_docred,
    write=write_docred,
    keeps=frozenset({"ids", "spans", "nested", "meta"}),
    partly={
        "text": "becomes the words joined by one blank",
        "words": "found by rule if there are none",
        "sentences": "borders inside a span; the text outside of sentences joins the one before",
    },
)
