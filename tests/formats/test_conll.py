"""Columns: documents, sentences, comments, schemes; refusals with their line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silversmith.core import ConfigError, DataError, Document, Span
from silversmith.formats import read, write
from silversmith.formats.tags import SCHEMES
from silversmith.testing.strategies import collections

FOUR = """-DOCSTART- -X- O O

EU NNP I-NP I-ORG
rejects VBZ I-VP O
German JJ I-NP I-MISC
. . O O

Ada NNP I-NP I-PER

-DOCSTART- -X- O O

Bob NNP I-NP I-PER
Eve NNP I-NP B-PER
"""


def test_four_columns_with_document_starts(put):
    reading = read(put("train.conll", FOUR))
    first, second = reading
    assert first.id == "train-0000"
    assert first.text == "EU rejects German . Ada"
    assert [(first.covered(span), span.label) for span in first.spans] == [
        ("EU", "ORG"),
        ("German", "MISC"),
        ("Ada", "PER"),
    ]
    assert first.sentences == ((0, 19), (20, 23))
    assert second.spans == (Span(0, 3, "PER"), Span(4, 7, "PER"))
    assert "tags read as IOB1" in reading.losses.noted
    assert not reading.losses.repaired
    assert reading.losses.lost["columns not read (number 2, 3)"].count == 2


def test_without_document_starts_every_sentence_is_a_document(put):
    documents = list(read(put("t.bio", "Ada\tB-PER\r\nran\tO\r\n\r\n\r\nBob\tB-PER\r\n"), ids="t-{:03d}"))
    assert [(document.id, document.text) for document in documents] == [
        ("t-000", "Ada ran"),
        ("t-001", "Bob"),
    ]


def test_comments_and_named_documents(put):
    text = "# newdoc id = web-1\n# sent_id = 1\n# text = Ada # ran\n1\tAda\tB-PER\t-\tx\n2\t#\tO\t-\tx\n\n"
    text += "# sent_id = 2\n1\tBob\tO\t-\tx\n\n# newdoc id = web-2\n1\tEve\tO\t-\tx\n"
    documents = list(read(put("x.iob2", text), token_column=1, tag_column=2))
    assert [(document.id, document.text) for document in documents] == [
        ("web-1", "Ada # Bob"),
        ("web-2", "Eve"),
    ]


def test_a_hash_is_a_word_in_blank_separated_columns(put):
    (document,) = read(put("x.conll", "# O\nAda B-PER\n"))
    assert document.text == "# Ada"


def test_rows_may_differ_in_length_when_columns_are_named(put):
    text = "1\tAda\tB-PER\t-\tann\n2\tran\tO\n"
    (document,) = read(put("x.conll", text), token_column=1, tag_column=2)
    assert document.text == "Ada ran"


def test_blank_words_are_removed_and_counted(put):
    reading = read(put("x.conll", "Ada\tB-PER\n \tI-PER\nran\tO\n"))
    (document,) = reading
    assert document.text == "Ada ran"
    assert reading.losses.repaired["blank words (removed)"].count == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Ada NNP B-PER\nran O\n", ":2: 2 columns here, 3 in the lines before"),
        ("Ada\nran\n", ":1: 1 column: no such token or tag column"),
        ("Ada\tO\nran\t\n", ":2: no tag behind 'ran'"),
    ],
)
def test_lines_of_another_shape_are_refused(put, refused, text, says):
    path = put("bad.conll", text)
    code, line = refused(path)
    assert code == "F020"
    assert f"{path}{says}" in line


def test_a_column_that_is_not_there_is_refused(put, refused):
    path = put("x.conll", "Ada\tO\n")
    assert refused(path, tag_column=5)[0] == "F020"
    assert refused(path, ids="{")[0] == "F010"


def test_latin_1_and_empty_files_are_refused(put, refused):
    assert ":2: not UTF-8" in refused(put("bad.conll", "Ada\tO\nJosé\tO\n".encode("latin-1")))[1]
    assert refused(put("empty.conll", ""))[0] == "F014"


@pytest.mark.parametrize("scheme", SCHEMES)
@settings(max_examples=20)
@given(documents=collections(max_size=3), columns=st.sampled_from([2, 4]))
def test_what_was_written_comes_back_when_written_again(scheme, columns, documents, there_and_back):
    once, lost, _ = there_and_back(documents, "conll", "x.conll", scheme=scheme, columns=columns)
    again, _, found = there_and_back(once, "conll", "x.conll", scheme=scheme, columns=columns)
    assert len(once) == len(documents)
    assert [(one.text, one.spans, one.words, one.sentences) for one in once] == [
        (one.text, one.spans, one.words, one.sentences) for one in again
    ]
    assert not [what for what in found.repaired if "chunks" in what]
    kept = sum(len(document.spans) for document in once)
    nested = lost.lost.get("nested or overlapping spans (the longer one stays)")
    wordless = lost.lost.get("spans that cover no word")
    gone = sum(tally.count for tally in (nested, wordless) if tally)
    assert kept + gone == sum(len(document.spans) for document in documents)


def test_nested_spans_lose_to_the_longest(tmp_path):
    text = "Roadhouse in Toronto"
    spans = (Span(0, 20, "MISC"), Span(13, 20, "LOC"))
    losses = write([Document("a", text, spans)], tmp_path / "x.conll")
    assert next(iter(read(tmp_path / "x.conll"))).spans == (Span(0, 20, "MISC"),)
    what = "nested or overlapping spans (the longer one stays)"
    assert losses.lost[what].examples == ["a [13, 20) LOC"]


def test_values_that_can_not_be_written_are_refused(tmp_path):
    document = Document("a", "-DOCSTART- x", words=((0, 10), (11, 12)))
    with pytest.raises(DataError, match=r"F012.*document 'a'"):
        write([document], tmp_path / "x.conll")
    for options in ({"scheme": "IOB3"}, {"columns": 3}, {"colums": 4}):
        with pytest.raises(ConfigError, match="F010"):
            write([document], tmp_path / "x.conll", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_word_that_touches_a_span_is_not_in_it(tmp_path):
    document = Document("a", "(Ada).", (Span(1, 4, "PER"),), ((0, 1), (1, 4), (4, 5), (5, 6)))
    losses = write([document], tmp_path / "x.conll")
    (back,) = read(tmp_path / "x.conll")
    assert (back.text, back.spans) == ("( Ada ) .", (Span(2, 5, "PER"),))
    assert "borders of spans that are not at a word (moved to whole words)" not in losses.lost
