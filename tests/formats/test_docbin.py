"""spaCy's DocBin: what spaCy itself sees in our files, and what we see in spaCy's."""

from __future__ import annotations

import pytest

from silversmith.core import Document, Span
from silversmith.formats import read, write

spacy = pytest.importorskip("spacy", reason="the extra spacy is not installed")


def test_spacy_sees_the_same_text_and_entities(tmp_path):
    text = "Ada  Lovelace\r\nmet \U0001f389 Bob."
    document = Document("a", text, (Span(0, 13, "PER"), Span(0, 3, "GIVEN"), Span(21, 24, "PER")))
    write([document], tmp_path / "x.spacy")
    (doc,) = spacy.tokens.DocBin().from_disk(tmp_path / "x.spacy").get_docs(spacy.blank("en").vocab)
    assert doc.text == text
    assert [(one.text, one.label_) for one in doc.ents] == [("Ada  Lovelace", "PER"), ("Bob", "PER")]
    assert {(one.text, one.label_) for one in doc.spans["sc"]} == {
        ("Ada  Lovelace", "PER"),
        ("Ada", "GIVEN"),
        ("Bob", "PER"),
    }


def test_files_of_spacy_are_read(tmp_path):
    doc = spacy.blank("en")("Ada met Bob. He left.")
    doc.ents = [spacy.tokens.Span(doc, 0, 1, "PER")]
    doc.spans["mine"] = [spacy.tokens.Span(doc, 0, 3, "EVENT"), spacy.tokens.Span(doc, 0, 1, "PER")]
    spacy.tokens.DocBin(docs=[doc]).to_disk(tmp_path / "x.spacy")
    reading = read(tmp_path / "x.spacy")
    (document,) = reading
    assert document.id == "x-0000"
    assert document.spans == (Span(0, 11, "EVENT"), Span(0, 3, "PER"))
    assert len(document.words) == 7


def test_damage_is_refused(put, refused):
    assert refused(put("bad.spacy", b"nothing"))[0] == "F002"
    assert refused(put("empty.spacy", b""))[0] == "F002"
