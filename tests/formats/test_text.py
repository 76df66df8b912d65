"""Text files: exact bytes, names, refusals."""

from __future__ import annotations

import pytest

from silversmith.core import DataError, Document
from silversmith.formats import read, write


def test_a_folder_gives_one_document_a_file(put, tmp_path):
    put("c/a.txt", "one\r\ntwo\rthree\n")
    put("c/b/c.md", "# Title\n")
    put("c/d%2Fe.txt", "\ufeff\U0001f389 שלום")
    put("c/picture.png", b"\x89PNG")
    put("c/empty.txt", "")
    reading = read(tmp_path / "c")
    texts = {document.id: document.text for document in reading}
    assert texts == {"a": "one\r\ntwo\rthree\n", "b/c.md": "# Title\n", "d/e": "\U0001f389 שלום", "empty": ""}
    assert reading.losses.noted["files that are no .txt or .md (not read)"].count == 1
    assert reading.losses.noted["documents without a word"].examples == ["empty"]
    assert reading.losses.repaired["byte-order marks (left out)"].count == 1


def test_one_file_is_one_document(put, tmp_path):
    (document,) = read(put("a.txt", "Ada\r\n"))
    assert (document.id, document.text) == ("a", "Ada\r\n")
    write([document], tmp_path / "b.txt")
    assert (tmp_path / "b.txt").read_bytes() == b"Ada\r\n"


def test_what_is_no_text_is_refused(put, refused, tmp_path):
    assert refused(put("empty.txt", "")) == ("F014", f"[F014] {tmp_path}/empty.txt:1: the file is empty")
    assert f"{tmp_path}/nul.txt:2: a NUL character" in refused(put("nul.txt", "a\nb\0"))[1]
    assert f"{tmp_path}/l1.txt:3: not UTF-8: byte 0xe9" in refused(put("l1.txt", b"a\n\nJos\xe9"))[1]
    assert refused(put("utf16.txt", "Ada".encode("utf-16-le")))[0] == "F004"
    put("c/x.png", b"")
    assert refused(tmp_path / "c")[0] == "F014"
    assert refused(tmp_path / "missing.txt")[0] == "F001"


def test_two_files_of_one_id_are_refused(put, refused, tmp_path):
    put("c/a b.txt", "x")
    put("c/a%20b.txt", "y")
    code, line = refused(tmp_path / "c")
    assert code == "F007"
    assert "a%20b.txt" in line


def test_several_documents_do_not_fit_one_file(tmp_path):
    with pytest.raises(DataError, match=r"F012.*name a folder"):
        write([Document("a", "x"), Document("b", "y")], tmp_path / "x.txt")
    with pytest.raises(DataError, match=r"F012.*NUL"):
        write([Document("a", "x\0")], tmp_path / "x", "text")
    assert list(tmp_path.iterdir()) == []
