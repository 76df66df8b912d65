"""brat: standoff with exact offsets, discontinuous spans, and standoff that disagrees with its text."""

from __future__ import annotations

import pytest

from silversmith.core import DataError, Document, Span
from silversmith.formats import read, write


def test_a_folder_of_pairs_is_read(put, tmp_path):
    put("c/a.txt", "\ufeffAda\r\nand \U0001f389 Bob.\r\n")
    put("c/a.ann", "T1\tPER 1 4\tAda\nT2\tGROUP 1 15\tAda and \U0001f389 Bob\r\n")
    put("c/sub/b.txt", "renal and hepatic failure")
    put(
        "c/sub/b.ann",
        "T1\tDisease 0 5;18 25\trenal failure\nR1\tx Arg1:T1 Arg2:T1\n#1\tNote T1\tsure\n*\tEquiv T1 T1",
    )
    put("c/plain.txt", "no standoff")
    put("c/.hidden/x.txt", "not read")
    reading = read(tmp_path / "c")
    documents = {document.id: document for document in reading}
    assert reading.format == "brat"
    assert set(documents) == {"a", "sub/b", "plain"}
    assert documents["a"].text == "\ufeffAda\r\nand \U0001f389 Bob.\r\n"
    assert documents["a"].spans == (Span(1, 15, "GROUP"), Span(1, 4, "PER"))
    (span,) = documents["sub/b"].spans
    assert (span.start, span.end, span.fragments) == (0, 25, ((0, 5), (18, 25)))
    assert documents["sub/b"].covered(span) == "renal failure"
    assert {what: tally.count for what, tally in reading.losses.lost.items()} == {
        "relations": 1,
        "notes": 1,
        "equivalences": 1,
    }
    assert reading.losses.noted["texts without an .ann file"].count == 1


@pytest.mark.parametrize("name", ["a.ann", "a.txt"])
def test_one_pair_is_read_by_either_name(put, name, tmp_path):
    put("a.txt", "Ada")
    put("a.ann", "T1\tPER 0 3\tAda\n")
    assert next(iter(read(tmp_path / name, "brat"))).spans == (Span(0, 3, "PER"),)


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("T2\tPER 1 4\tAda", "F019", "a.ann:2: the text at [1, 4) is 'da ', not 'Ada'"),
        ("T2\tPER 0 99\tAda", "F019", "a.ann:2: span [0, 99) ends after the text (8 characters)"),
        ("T2\tPER 3 3\t", "D001", "a.ann:2: span [3, 3)"),
        ("T2 PER 0 3 Ada", "F018", "a.ann:2: not a brat span"),
        ("T2\tPER 0\tAda", "F018", "a.ann:2: not a brat span"),
        ("hello", "F018", "a.ann:2: not a brat annotation: 'hello'"),
        ("T2\tX 0 3;2 8\tAda a ran.", "F009", "document 'a': fragments"),
    ],
)
def test_standoff_that_does_not_fit_is_refused(put, refused, tmp_path, line, code, says):
    put("c/a.txt", "Ada ran.")
    put("c/a.ann", "T1\tPER 0 3\tAda\n" + line + "\n")
    found, message = refused(tmp_path / "c")
    assert found == code
    assert says in message


def test_offsets_can_be_followed_instead(put, tmp_path):
    put("c/a.txt", "Ada 'ran'.")
    put("c/a.ann", "T1\tX 4 9\t ran \n")
    reading = read(tmp_path / "c", mismatch="positions")
    assert next(iter(reading)).spans == (Span(4, 9, "X"),)
    assert reading.losses.noted["quoted words that differ (offsets followed)"].count == 1


def test_other_refusals(put, refused, tmp_path):
    put("c/a.ann", "T1\tPER 0 3\tAda\n")
    assert refused(tmp_path / "c")[0] == "F001"
    put("c/a.txt", "Ada")
    assert refused(tmp_path / "c", mismatch="guess")[0] == "F010"
    put("c/a.txt", "Ada\n\0")
    code, line = refused(tmp_path / "c")
    assert code == "F004"
    assert "a.txt:2: a NUL character" in line
    put("c/a.txt", b"Ada\nJos\xe9")
    assert "a.txt:2: not UTF-8: byte 0xe9" in refused(tmp_path / "c")[1]


def test_blanks_in_labels_become_underscores_and_are_counted(tmp_path):
    losses = write([Document("a", "Ada", (Span(0, 3, "a person"),))], tmp_path / "c", "brat")
    assert next(iter(read(tmp_path / "c"))).spans == (Span(0, 3, "a_person"),)
    assert losses.lost["blanks in labels (an underscore stands for them)"].count == 1


@pytest.mark.parametrize("id", ["", "x" * 300])
def test_ids_that_name_no_file_are_refused_and_nothing_is_left(tmp_path, id):
    with pytest.raises(DataError, match="F012"):
        write([Document("ok", "Ada"), Document(id, "Ada")], tmp_path / "c", "brat")
    assert list(tmp_path.iterdir()) == []


def test_no_id_leaves_the_folder(tmp_path):
    write([Document("../../evil", "Ada"), Document("/abs", "Bob")], tmp_path / "c", "brat")
    assert {path.name for path in tmp_path.iterdir()} == {"c"}
    assert {document.id for document in read(tmp_path / "c")} == {"../../evil", "/abs"}
