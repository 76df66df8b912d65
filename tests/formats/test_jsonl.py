"""JSON lines: what is read, and every refusal with its file and line."""

from __future__ import annotations

import gzip
import json

import pytest

from silversmith.core import DataError, Document, Span
from silversmith.formats import read, write

GOOD = '{"id": "a", "text": "Ada wrote it.", "spans": [[0, 3, "PER"]]}\n'


def test_triples_tokens_and_sents_are_read(put):
    line = {"id": "a", "text": "Ada ran.", "spans": [[0, 3, "PER"]], "tokens": [[0, 3], [4, 7], [7, 8]]}
    (document,) = read(put("x.jsonl", json.dumps(line | {"sents": [[0, 8]], "lang": "en"}) + "\n"))
    assert document == Document(
        "a", "Ada ran.", (Span(0, 3, "PER"),), ((0, 3), (4, 7), (7, 8)), ((0, 8),), {"lang": "en"}
    )


def test_objects_keep_score_source_and_fragments(put):
    span = {"start": 0, "end": 8, "label": "X", "score": 0.5, "source": "llm", "fragments": [[0, 3], [4, 8]]}
    (document,) = read(put("x.jsonl", json.dumps({"id": 7, "text": "Ada ran.", "spans": [span]})))
    (found,) = document.spans
    assert document.id == "7"
    assert (found.score, found.source, found.fragments) == (0.5, "llm", ((0, 3), (4, 8)))


def test_missing_ids_are_made_and_counted(put):
    reading = read(put("x.jsonl", '{"text": "a"}\n\n{"text": "b"}\n'))
    assert [document.id for document in reading] == ["x-0000", "x-0001"]
    assert reading.losses.repaired["ids made for documents without one"].count == 2


def test_crlf_and_byte_order_mark_are_no_part_of_a_line(put):
    documents = list(read(put("x.jsonl", "\ufeff" + GOOD.replace("\n", "\r\n"))))
    assert documents[0].text == "Ada wrote it."


def test_a_line_ends_at_a_line_feed_only(put):
    record = {"id": "a", "text": "one\u2028two\x0bthree\x85"}
    (document,) = read(put("x.jsonl", json.dumps(record, ensure_ascii=False)))
    assert document.text == record["text"]


def test_offsets_beside_emoji_are_characters(put):
    record = {"id": "a", "text": "\U0001f469\U0001f3fd Ada", "spans": [[3, 6, "PER"]]}
    (document,) = read(put("x.jsonl", json.dumps(record)))  # escaped as surrogate pairs
    assert document.covered(document.spans[0]) == "Ada"


def test_packed_files_have_the_same_bytes_for_the_same_documents(tmp_path):
    document = Document("a", "Ada", meta={"n": 1})
    for name in ("x.jsonl.gz", "y.jsonl.gz"):
        write([document], tmp_path / name)
    assert (tmp_path / "x.jsonl.gz").read_bytes() == (tmp_path / "y.jsonl.gz").read_bytes()
    assert list(read(tmp_path / "x.jsonl.gz")) == [document]


@pytest.mark.parametrize(
    ("second", "code", "says"),
    [
        ('{"id": "b", "text": "x", "spans": [[0', "F006", ":2: not JSON (damaged or cut off)"),
        ("[1, 2]", "F006", ":2: a list instead of a JSON object"),
        ('{"id": "b", "text": NaN}', "F006", ":2: not JSON: NaN"),
        ("[" * 100_000, "F006", ":2: not JSON"),
        ('{"id": "b"}', "F011", ":2: no 'text' (every document needs a text)"),
        ('{"id": "b", "text": 5}', "F011", ":2: a number instead of a string for 'text'"),
        ('{"id": "b", "text": "x", "spans": {}}', "F011", ":2: an object instead of a list for 'spans'"),
        ('{"id": "b", "text": "x", "spans": [[0, 1]]}', "F011", ":2: a span is [0, 1]"),
        ('{"id": "b", "text": "x", "spans": [[0, 1.0, "A"]]}', "F011", ":2: a span is"),
        ('{"id": "b", "text": "x", "spans": [[false, true, "A"]]}', "F011", ":2: a span is"),
        (
            '{"id": "b", "text": "x", "spans": [{"start": 0, "end": 1, "label": "A", "score": "1"}]}',
            "F011",
            ":2:",
        ),
        (
            '{"id": "b", "text": "x", "spans": [{"start": 0, "end": 1, "label": "A", "source": 1}]}',
            "F011",
            ":2:",
        ),
        ('{"id": "b", "text": "x", "tokens": ["x"]}', "F011", ":2: 'tokens' holds \"x\" (write [start, end]"),
        ('{"id": "b", "text": "x", "meta": []}', "F011", ":2: a list instead of an object for 'meta'"),
        ('{"id": "b", "text": "x", "spans": [[0, 2, "A"]]}', "D003", ":2, document 'b': span [0, 2)"),
        ('{"id": "b", "text": "x", "spans": [[-1, 1, "A"]]}', "D001", ":2: span [-1, 1)"),
        ('{"id": "b", "text": "x", "spans": [[0, 1, "O"]]}', "D002", ":2: span [0, 1) has the label 'O'"),
        ('{"id": "b", "text": "xy", "tokens": [[1, 2], [0, 1]]}', "D004", ":2, document 'b': words"),
        ('{"id": "a", "text": "x"}', "F007", ":2, document 'a': this id was used before"),
        ('{"id": "b", "text": "\\ud83d"}', "F004", ":2, document 'b': half a surrogate pair"),
        (
            '{"id": "b", "text": "x.y", "spans": [{"start":0, "end":3, "label":"A", "fragments": [[0, 1]]}]}',
            "F009",
            ":2, document 'b': fragments",
        ),
    ],
)
def test_refusals_name_file_and_line(put, refused, second, code, says):
    path = put("bad.jsonl", GOOD + second + "\n")
    found, line = refused(path)
    assert found == code
    assert f"{path}{says}" in line


def test_latin_1_is_refused_with_its_line(put, refused):
    path = put("bad.jsonl", GOOD.encode() + '{"text": "café"}\n'.encode("latin-1"))
    code, line = refused(path)
    assert code == "F003"
    assert f"{path}:2: not UTF-8: byte 0xe9" in line


def test_an_empty_file_is_refused(put, refused):
    assert refused(put("bad.jsonl", ""))[0] == "F014"
    assert refused(put("blank.jsonl", "\n\n"))[0] == "F014"


def test_a_cut_off_gzip_file_is_refused(put, refused):
    lines = [GOOD.replace('"a"', f'"a{number}"') for number in range(100)]
    content = gzip.compress("".join(lines).encode())
    code, line = refused(put("bad.jsonl.gz", content[:-20]), "jsonl")
    assert code == "F002"
    assert "cut off" in line


def test_odd_documents_are_kept_and_noted(put):
    texts = ["", " \n", "bell\x07", "x" * 100_000]
    lines = [json.dumps({"id": str(number), "text": text}) for number, text in enumerate(texts)]
    reading = read(put("x.jsonl", "\n".join(lines)))
    assert [document.text for document in reading] == texts
    noted = {what: tally.count for what, tally in reading.losses.noted.items()}
    assert noted == {
        "documents without a word": 2,
        "documents with control characters": 1,
        "documents with a word of 10000 characters or more": 1,
    }


def test_meta_that_is_no_json_is_refused_when_written(tmp_path):
    with pytest.raises(DataError, match=r"F012.*document 'a'.*JSON"):
        write([Document("a", "x", meta={"n": {1, 2}})], tmp_path / "x.jsonl")
    assert list(tmp_path.iterdir()) == []
