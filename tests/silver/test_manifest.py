import json

import pytest

from silversmith.core import DataError, Document, ModelError, Span
from silversmith.formats import read
from silversmith.silver import find_manifest, manifest_path, read_manifest, write_silver

DOCUMENTS = [
    Document("a", "Ada in Rome", (Span(0, 3, "PER", 0.9, "features"), Span(7, 11, "LOC", 0.7, "terms"))),
    Document("b", "nothing"),
]


def test_manifest_counts_and_names_its_inputs(tmp_path):
    first = tmp_path / "first.jsonl"
    write_silver(DOCUMENTS, first, licences=["CC-BY-4.0"], command="label")
    made = write_silver(read(first), tmp_path / "second.jsonl", inputs=[first], licences=["MIT"])
    assert made == read_manifest(tmp_path / "second.jsonl") == find_manifest(tmp_path / "second.jsonl")
    assert made["spans"] == {
        "total": 2, "types": {"LOC": 1, "PER": 1}, "sources": {"features": 1, "terms": 1}
    }  # fmt: skip
    assert made["corpus"]["documents"] == 2
    assert made["licences"] == ["CC-BY-4.0", "MIT"]
    assert made["inputs"]["first.jsonl"]["command"] == "label"
    assert len(made["inputs"]["first.jsonl"]["sha256"]) == 64


def test_the_corpus_hash_knows_texts_and_no_order(tmp_path):
    def digest(documents, name):
        return write_silver(documents, tmp_path / name)["corpus"]["sha256"]

    same = digest(DOCUMENTS, "1.jsonl")
    assert digest(DOCUMENTS[::-1], "2.jsonl") == same
    assert digest([one.with_spans(()) for one in DOCUMENTS], "3.jsonl") == same
    assert digest([DOCUMENTS[0], Document("b", "other")], "4.jsonl") != same
    assert digest([DOCUMENTS[0], DOCUMENTS[0]], "5.jsonl") != digest([DOCUMENTS[1]] * 2, "6.jsonl")


def test_altered_and_damaged(tmp_path):
    path = tmp_path / "s.jsonl"
    assert find_manifest(path) is None
    with pytest.raises(DataError, match="N003"):
        read_manifest(path)
    write_silver(DOCUMENTS, path)
    good = manifest_path(path).read_text()
    path.write_text(path.read_text().replace("PER", "ORG"))
    with pytest.raises(ModelError, match="A004"):
        read_manifest(path)
    for text, code in (("{", "N004"), ('{"kind": "mapping"}', "N004"), ("[]", "N004")):
        manifest_path(path).write_text(text)
        with pytest.raises(DataError, match=code):
            read_manifest(path)
    manifest_path(path).write_text(json.dumps({**json.loads(good), "format": 2}))
    with pytest.raises(ModelError, match="A003"):
        read_manifest(path)


def test_a_failed_run_leaves_the_old_set(tmp_path):
    path = tmp_path / "s.jsonl"
    write_silver(DOCUMENTS, path)

    def broken():
        yield DOCUMENTS[0]
        raise DataError("F999", "no more")

    with pytest.raises(DataError, match="F999"):
        write_silver(broken(), path)
    assert read_manifest(path)["corpus"]["documents"] == 2
    assert sorted(one.name for one in tmp_path.iterdir()) == ["s.jsonl", "s.jsonl.manifest.json"]
