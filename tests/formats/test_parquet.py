"""Parquet: our columns, files of others, folders, damage."""

from __future__ import annotations

import datetime

import pytest

from silversmith.core import ConfigError, Document, Span
from silversmith.formats import extras, read, write

pyarrow = pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
parquet = pytest.importorskip("pyarrow.parquet")


def test_a_file_of_others_needs_a_text_column_only(tmp_path):
    day = datetime.date(2020, 1, 1)
    table = pyarrow.table({"body": ["Ada", "Bob"], "key": [1, 2], "lang": ["en", None], "day": [day, day]})
    parquet.write_table(table, tmp_path / "x.parquet")
    reading = read(tmp_path / "x.parquet", text_column="body", id_column="key")
    assert list(reading) == [Document("1", "Ada", meta={"lang": "en"}), Document("2", "Bob")]
    assert reading.losses.lost["values of the column 'day' (no JSON)"].count == 2


def test_a_folder_of_files_is_one_collection(tmp_path):
    for number in range(3):
        write(
            [Document(f"d{number}", "Ada", (Span(0, 3, "PER", 0.5),))], tmp_path / "c" / f"{number}.parquet"
        )
    reading = read(tmp_path / "c")
    assert reading.format == "parquet"
    assert [document.id for document in reading] == ["d0", "d1", "d2"]


def test_many_documents_are_written_in_groups(tmp_path):
    write((Document(str(number), "x") for number in range(600)), tmp_path / "x.parquet")
    file = parquet.ParquetFile(tmp_path / "x.parquet")
    assert [file.metadata.row_group(group).num_rows for group in range(3)] == [256, 256, 88]
    assert len(list(read(tmp_path / "x.parquet"))) == 600


def test_damage_and_wrong_columns_are_refused(put, refused, tmp_path):
    assert refused(put("bad.parquet", b"PAR1 nothing PAR1"))[0] == "F002"
    write([Document("a", "x" * 5000)], tmp_path / "good.parquet")
    assert refused(put("cut.parquet", (tmp_path / "good.parquet").read_bytes()[:-50]))[0] == "F002"
    parquet.write_table(pyarrow.table({"body": ["x"]}), tmp_path / "other.parquet")
    code, line = refused(tmp_path / "other.parquet")
    assert code == "F011"
    assert "no column 'text' (text_column=NAME; it has: body)" in line
    parquet.write_table(pyarrow.table({"text": ["x", None]}), tmp_path / "null.parquet")
    assert (
        "row 2 of null.parquet: null instead of a string for 'text'" in refused(tmp_path / "null.parquet")[1]
    )
    bad = pyarrow.table({"text": ["x"], "meta": ["{"]})
    parquet.write_table(bad, tmp_path / "meta.parquet")
    assert "row 1 of meta.parquet: the column 'meta' holds no JSON" in refused(tmp_path / "meta.parquet")[1]


def test_a_missing_package_is_named_with_its_extra(monkeypatch, tmp_path):
    def missing(module: str) -> None:
        raise ImportError(module)

    monkeypatch.setattr(extras, "import_module", missing)
    with pytest.raises(ConfigError, match=r"F021.*pyarrow.*silversmith\[parquet\]"):
        write([Document("a", "x")], tmp_path / "x.parquet")
    with pytest.raises(ConfigError, match=r"F021.*spacy.*silversmith\[spacy\]"):
        write([Document("a", "x")], tmp_path / "x.spacy")
    assert list(tmp_path.iterdir()) == []
