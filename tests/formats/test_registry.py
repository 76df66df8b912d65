"""The registry: detection, writing aside, stdin and stdout, options, labels, reading again."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import pytest

from silversmith.core import ConfigError, DataError, Document, Schema, Span
from silversmith.formats import check_labels, find_form, forms, read, registry, write
from silversmith.formats.detect import detect
from silversmith.formats.jsonl import JSONL

DOCUMENTS = [Document("a", "Ada", (Span(0, 3, "PER"),)), Document("b", "\U0001f389 Bob\r\n")]


def failing():
    yield DOCUMENTS[0]
    raise DataError("D001", "stop")


@pytest.mark.parametrize("name", sorted(set(forms()) - {"spacy"}))
def test_a_failing_conversion_leaves_nothing_behind(tmp_path, name):
    with pytest.raises(DataError, match="D001"):
        write(failing(), tmp_path / "new" / "out", name)
    assert [path for path in tmp_path.rglob("*") if path.name != "new"] == []


def test_a_failing_conversion_keeps_the_old_file(tmp_path):
    write(DOCUMENTS, tmp_path / "x.jsonl")
    before = (tmp_path / "x.jsonl").read_bytes()
    with pytest.raises(DataError, match="D001"):
        write(failing(), tmp_path / "x.jsonl")
    assert (tmp_path / "x.jsonl").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["x.jsonl"]


def test_a_file_can_be_converted_onto_itself(tmp_path):
    write(DOCUMENTS, tmp_path / "x.jsonl")
    write(read(tmp_path / "x.jsonl"), tmp_path / "x.jsonl")
    assert list(read(tmp_path / "x.jsonl")) == DOCUMENTS


def test_a_folder_with_something_in_it_is_not_written_into(tmp_path):
    (tmp_path / "c").mkdir()
    write(DOCUMENTS, tmp_path / "c", "brat")
    with pytest.raises(DataError, match=r"F005.*not empty"):
        write(DOCUMENTS, tmp_path / "c", "brat")


def test_what_the_system_refuses_is_one_line(put, tmp_path):
    put("file", "x")
    with pytest.raises(DataError, match="F005"):
        write(DOCUMENTS, tmp_path / "file" / "x.jsonl")


def test_stdin_and_stdout(monkeypatch):
    out = SimpleNamespace(buffer=io.BytesIO())
    monkeypatch.setattr(sys, "stdout", out)
    write(DOCUMENTS, "-")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(out.buffer.getvalue())))
    assert list(read("-")) == DOCUMENTS
    with pytest.raises(DataError, match="F015"):
        write(DOCUMENTS, "-", "brat")


def test_nothing_goes_to_stdout_if_writing_fails(monkeypatch):
    out = SimpleNamespace(buffer=io.BytesIO())
    monkeypatch.setattr(sys, "stdout", out)
    with pytest.raises(DataError, match="D001"):
        write(failing(), "-")
    assert out.buffer.getvalue() == b""


def test_errors_from_stdin_name_it(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b'{"text": 1}\n')))
    with pytest.raises(DataError, match="<stdin>:1"):
        list(read("-"))


def test_a_reading_can_be_read_again_and_counts_afresh(put):
    reading = read(put("x.jsonl", '{"text": ""}\n'))
    for _ in range(2):
        assert len(list(reading)) == 1
        assert reading.losses.documents == 1
        assert reading.losses.noted["documents without a word"].count == 1


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("x.json", '[{"vertexSet": [], "sents": []}]', "docred"),
        ("x.json", '[{"data": {"text": "a"}}]', "labelstudio"),
        ("x.json", '[{"id": "a", "fields": {"text": "a"}, "suggestions": {}}]', "argilla"),
        ("x.jsonl", '{"id": 1, "text": "a", "label": []}', "doccano"),
        ("x.jsonl", '{"id": 1, "text": "a", "spans": [], "_input_hash": 2}', "prodigy"),
        ("x.jsonl", '{"id": 1, "text": "a", "spans": [], "tokens": [[0, 1]]}', "jsonl"),
        ("x.jsonl", '{"text": "' + "a" * 70_000 + '", "label": []}', "jsonl"),
        ("x.jsonl", "damaged", "jsonl"),
        ("x.json", '{"text": "a"}', "jsonl"),
        ("X.CONLL", "", "conll"),
        ("x.tsv", "", "conll"),
        ("x.txt", "", "text"),
        ("x.md", "", "text"),
        ("x.parquet", "", "parquet"),
        ("x.spacy", "", "spacy"),
        ("x.ann", "", "brat"),
    ],
)
def test_formats_are_detected(put, name, content, format):
    assert detect(put(name, content), forms().values()) == format


def test_what_can_not_be_detected_is_refused(put, tmp_path):
    with pytest.raises(ConfigError, match=r"F016.*\.docx"):
        read(put("x.docx", ""))
    with pytest.raises(ConfigError, match="F016"):
        write(DOCUMENTS, tmp_path / "x")
    with pytest.raises(ConfigError, match=r'F013.*did you mean "jsonl"'):
        read(tmp_path, "jsonll")
    with pytest.raises(DataError, match="F001"):
        read(tmp_path / "missing.conll")


def test_unknown_options_are_refused_with_the_nearest(tmp_path):
    with pytest.raises(ConfigError, match=r'F010.*did you mean "token_column"'):
        read(tmp_path, "conll", tokn_column=1)
    with pytest.raises(ConfigError, match=r"F010.*it has none"):
        write(DOCUMENTS, tmp_path / "x.jsonl", indent=2)


def test_labels_outside_a_schema_are_refused_with_file_and_line(put):
    path = put("x.jsonl", '{"text": "Ada", "spans": [[0, 3, "PERS"]]}\n')
    schema = Schema.of(["PER", "LOC"])
    with pytest.raises(DataError, match=rf'F008.*{path}:1, document.*PERS.*did you mean "PER"'):
        list(read(path, schema=schema))
    with pytest.raises(DataError, match="F008"):
        list(check_labels(read(path), schema))
    assert list(check_labels(DOCUMENTS, schema)) == DOCUMENTS


def test_half_a_surrogate_pair_is_not_written(tmp_path):
    for name in ("x.jsonl", "x.conll", "x.parquet"):
        with pytest.raises(DataError, match=r"F012.*surrogate"):
            write([Document("a", "\ud83d")], tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_plugins_add_formats(monkeypatch):
    def points(group: str):
        assert group == "silversmith.formats"
        return [SimpleNamespace(name="mine", load=lambda: JSONL)]

    monkeypatch.setattr(registry, "entry_points", points)
    forms.cache_clear()
    try:
        assert find_form("mine") is JSONL
    finally:
        forms.cache_clear()
