"""Readings: words, pieces and shapes; spans as words; windows that lose no word."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_tagger import long_document, tiny_documents, tiny_tokenizer

from silversmith.core import Document, Span
from silversmith.tagger.reading import NO_SHAPE, Reader, word_spans
from silversmith.tagger.windows import pack, shuffled_batches, windows_of
from silversmith.testing.nasty import nasty_documents


def read(text):
    return Reader(tiny_tokenizer())([text])[0]


def test_each_word_has_its_first_piece_and_shape():
    text = "Ada left Bern."
    reading = read(text)
    assert [text[a:b] for a, b in reading.words] == ["Ada", "left", "Bern", "."]
    assert reading.first.tolist() == [0, 2, 3, 4]
    assert reading.shapes[0] == reading.shapes[1] != reading.shapes[2]
    assert NO_SHAPE not in reading.shapes


def test_capitals_change_shapes_only():
    upper, lower = read("Ada left BERN"), read("ada left bern")
    assert np.array_equal(upper.ids, lower.ids)
    assert not np.array_equal(upper.shapes, lower.shapes)


@pytest.mark.parametrize("document", nasty_documents(), ids=lambda one: one.id)
def test_nasty_texts_keep_every_word(document):
    reading = read(document.text)
    windows = windows_of([reading], 20, 6)
    seen = [word for one in windows for _, word in pack([one], [reading], (2, 3)).owners.tolist()]
    if len(reading.ids):
        assert seen == list(range(len(reading.words)))


@given(st.integers(8, 40), st.integers(0, 30), st.integers(0, 5))
def test_windows_cover_every_word_once_and_rows_point_at_its_first_piece(size, overlap, seed):
    documents = [long_document(), *tiny_documents(3, seed)]
    readings = Reader(tiny_tokenizer())([one.text for one in documents])
    windows = windows_of(readings, size, overlap)
    rng = np.random.default_rng(seed)
    seen = set()
    for batch in shuffled_batches(windows, 100, rng):
        packed = pack(batch, readings, (2, 3))
        assert packed.bounds[-1] == len(packed.rows)
        assert sum(packed.lengths) == len(packed.ids)
        for row, (owner, word) in zip(packed.rows, packed.owners, strict=True):
            assert packed.ids[row] == readings[owner].ids[readings[owner].first[word]]
            assert (owner, word) not in seen
            seen.add((owner, word))
    assert len(seen) == sum(len(one.words) for one in readings)


def test_spans_are_widened_to_words_and_the_surer_of_two_stays():
    document = Document(
        "d",
        "Ada left New Delhi.",
        (Span(1, 3, "PER"), Span(9, 18, "LOC", 0.6), Span(13, 18, "ORG", 0.9), Span(8, 9, "X")),
    )
    words = read(document.text).words
    assert word_spans(document, words) == ([(0, 1, "PER"), (3, 4, "ORG")], 1, 2)
    nested, _, _ = word_spans(document, words, nested=True)
    assert nested == [(0, 1, "PER"), (2, 4, "LOC"), (3, 4, "ORG")]
