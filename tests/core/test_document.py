"""Document and Span: what they hold, what they refuse."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silversmith.core import DataError, Document, Span

TEXT = "Ada met Babbage 👩‍🔬 in London."


def test_spans_are_kept_sorted_longest_first():
    inner, outer, later = Span(0, 3, "PER"), Span(0, 7, "ORG"), Span(8, 15, "PER")
    document = Document("a", TEXT, (later, inner, outer))
    assert document.spans == (outer, inner, later)
    assert [document.covered(span) for span in document.spans] == ["Ada met", "Ada", "Babbage"]


def test_fragments_are_joined_by_a_blank():
    span = Span(0, 15, "PER", fragments=((0, 3), (8, 15)))
    assert Document("a", TEXT, (span,)).covered(span) == "Ada Babbage"


def test_score_and_source_do_not_decide_equality():
    assert Span(0, 3, "PER", 0.5, "features") == Span(0, 3, "PER")


@pytest.mark.parametrize(("start", "end"), [(3, 3), (4, 3), (-1, 2)])
def test_offsets_that_make_no_span(start, end):
    with pytest.raises(DataError, match="D001"):
        Span(start, end, "PER")


@pytest.mark.parametrize("label", ["", "O"])
def test_labels_that_name_no_type(label):
    with pytest.raises(DataError, match="D002"):
        Span(0, 1, label)


def test_a_span_after_the_text_names_the_document_and_the_remedy():
    with pytest.raises(DataError, match="D003") as error:
        Document("doc-7", "Ada", (Span(0, 4, "PER"),))
    assert "doc-7" in str(error.value)
    assert "3 characters" in str(error.value)
    assert "end exclusive" in str(error.value)


@pytest.mark.parametrize("ranges", [((0, 3), (2, 5)), ((4, 5), (0, 1)), ((0, 99),), ((2, 2),)])
@pytest.mark.parametrize("name", ["words", "sentences"])
def test_words_and_sentences_are_sorted_disjoint_and_inside(name, ranges):
    with pytest.raises(DataError, match=f"D004.*{name}"):
        Document("a", "Ada met", **{name: ranges})


def test_words_may_come_as_lists():
    assert Document("a", "Ada met", words=[[0, 3], [4, 7]]).words == ((0, 3), (4, 7))


def test_a_document_is_frozen():
    with pytest.raises(FrozenInstanceError):
        Document("a", "Ada").text = "Bob"  # type: ignore[misc]


def test_the_empty_document():
    document = Document("a", "")
    assert len(document) == 0
    assert document.spans == ()


@given(st.text(min_size=1), st.data())
def test_a_span_covers_the_slice_of_any_text(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    document = Document("a", text).with_spans([Span(start, end, "X")])
    assert document.covered(document.spans[0]) == text[start:end]
    assert document.text == text
