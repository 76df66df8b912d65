"""Every format: what it says it keeps comes back, and what does not come back is reported."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from silversmith.core import Document, Span
from silversmith.formats import forms
from silversmith.formats.form import PARTS
from silversmith.testing.strategies import collections

FORMATS = sorted(forms())


def part(document: Document, name: str) -> object:
    """One part of a document, comparable."""
    spans = document.spans
    return {
        "ids": document.id,
        "text": document.text,
        "spans": [(span.start, span.end, span.label) for span in spans],
        "nested": None,
        "fragments": [span.fragments for span in spans],
        "scores": [span.score for span in spans],
        "sources": [span.source for span in spans],
        "words": document.words,
        "sentences": document.sentences,
        "meta": dict(document.meta),
    }[name]


def exact(form) -> set[str]:
    """Parts that come back without any condition."""
    return set(form.keeps) - set(form.partly)


def skip_without(name: str) -> None:
    if name == "spacy":
        pytest.importorskip("spacy", reason="the extra spacy is not installed")
    if name == "parquet":
        pytest.importorskip("pyarrow", reason="the extra parquet is not installed")


@pytest.mark.parametrize("name", FORMATS)
@given(documents=collections())
def test_what_is_kept_comes_back(name, documents, there_and_back):
    skip_without(name)
    form = forms()[name]
    if "ids" not in form.keeps and "spans" in form.keeps and name == "conll":
        documents = [
            replace(document, text=document.text.replace("-DOCSTART-", "x")) for document in documents
        ]
    back, lost, found = there_and_back(documents, name)
    assert len(back) == len(documents)
    assert lost.documents == found.documents == len(documents)
    if "ids" in form.keeps:
        by_id = {document.id: document for document in back}
        back = [by_id[document.id] for document in documents]
    names = exact(form) if "text" in exact(form) else exact(form) - {"spans"}
    for before, after in zip(documents, back, strict=True):
        for one in names:
            if one in {"words", "sentences"} and part(before, one) is None:
                continue
            assert part(after, one) == part(before, one), one


@pytest.mark.parametrize("name", FORMATS)
@given(documents=collections())
def test_what_is_lost_is_reported(name, documents, there_and_back):
    skip_without(name)
    back, lost, _ = there_and_back(documents, name)
    form = forms()[name]
    if "ids" in form.keeps:
        by_id = {document.id: document for document in back}
        back = [by_id[document.id] for document in documents]
    same = all(
        part(before, one) == part(after, one)
        for before, after in zip(documents, back, strict=True)
        for one in PARTS
        if not (one in {"words", "sentences"} and part(before, one) is None)
    )
    assert same or lost.lost


@pytest.mark.parametrize("name", FORMATS)
def test_parts_are_known(name):
    form = forms()[name]
    assert form.keeps | set(form.partly) <= set(PARTS)
    assert form.about


def words_document(id: str, *sentences: list[str], spans=()) -> Document:
    """A document whose text is its words joined by blanks, as columns can hold it."""
    words, size = [], 0
    borders = []
    for sentence in sentences:
        first = size
        for word in sentence:
            words.append((size, size + len(word)))
            size += len(word) + 1
        borders.append((first, size - 1))
    text = " ".join(word for sentence in sentences for word in sentence)
    placed = [Span(words[a][0], words[b - 1][1], label) for a, b, label in spans]
    return Document(id, text, tuple(placed), tuple(words), tuple(borders))


TOKENISED = words_document(
    "doc", ["Ada", "L.", "met", "\U0001f389", "Mu\u0308ller"], ["In", "לונדון", "."],
    spans=[(0, 2, "PER"), (4, 5, "PER"), (6, 7, "LOC")],
)  # fmt: skip


@pytest.mark.parametrize("name", [name for name in FORMATS if "spans" in forms()[name].keeps])
def test_a_tokenised_document_survives_every_format(name, there_and_back):
    skip_without(name)
    (back,), lost, _ = there_and_back([TOKENISED], name)
    assert (back.text, back.spans) == (TOKENISED.text, TOKENISED.spans)
    assert set(lost.lost) <= {PARTS["ids"], PARTS["words"], PARTS["sentences"]}
