"""Exports: the same labels as the tagger, without torch; folders that transformers loads; interruptions."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))
from tiny_tagger import folder_bytes, long_document, tiny_documents, tiny_encoder

from silversmith.core import ConfigError, ModelError
from silversmith.tagger.export.huggingface import export_huggingface
from silversmith.tagger.export.onnx_export import export_onnx
from silversmith.tagger.export.parity import check_parity
from silversmith.tagger.opening import open_tagger
from silversmith.tagger.train import train_tagger

TEXTS = [*tiny_documents(25, seed=5), long_document()]


@pytest.fixture(params=["mpnet", "bert"])
def student(request, quick, tmp_path, monkeypatch):
    """A tagger on each kind of trunk."""
    relative = request.param == "mpnet"
    monkeypatch.setattr(
        "silversmith.tagger.encoders.load_encoder", lambda source: tiny_encoder(relative=relative)
    )
    train_tagger(tiny_documents(40), tmp_path / "student", quick(steps=80, hide_case=0.3))
    return tmp_path / "student"


@pytest.mark.parametrize("int8", [False, True])
def test_onnx_gives_the_same_labels(student, tmp_path, int8):
    pytest.importorskip("onnxruntime")
    export_onnx(student, tmp_path / "out", int8=int8)
    found = check_parity(student, tmp_path / "out", TEXTS, exact=not int8)
    assert found["spans"] > 100
    assert found["agreement"] > (0.97 if int8 else 0.9999)


def test_onnx_scores_are_those_of_torch(student, tmp_path):
    pytest.importorskip("onnxruntime")
    export_onnx(student, tmp_path / "out")
    ours, theirs = open_tagger(student), open_tagger(tmp_path / "out", threads=1)
    readings = ours.reader([one.text for one in TEXTS])
    for one, other in zip(ours.scores(readings), theirs.scores(readings), strict=True):
        assert abs(one - other).max() < 1e-3


def test_an_exported_tagger_runs_without_torch_and_transformers(student, tmp_path):
    pytest.importorskip("onnxruntime")
    export_onnx(student, tmp_path / "out")
    (tmp_path / "in.txt").write_text("Ada left San Remo.")
    code = (
        "import sys; sys.modules['torch'] = sys.modules['transformers'] = None\n"
        "from silversmith.cli.main import run\n"
        f"run(['tag', {str(tmp_path / 'in.txt')!r}, '--tagger', {str(tmp_path / 'out')!r}, '--out', '-'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    expected = next(open_tagger(student).tag([TEXTS[0].__class__("a", "Ada left San Remo.")]))
    spans = json.loads(done.stdout)["spans"]
    assert [one["label"] if isinstance(one, dict) else one[2] for one in spans] == [
        s.label for s in expected.spans
    ]


@pytest.mark.usefixtures("tiny")
def test_a_span_tagger_goes_to_onnx_and_not_to_hugging_face(quick, tmp_path):
    pytest.importorskip("onnxruntime")
    options = {"width": 3, "rate": 3.0}
    train_tagger(tiny_documents(40), tmp_path / "s", quick(loss="negative-sampling", loss_options=options))
    export_onnx(tmp_path / "s", tmp_path / "out")
    assert check_parity(tmp_path / "s", tmp_path / "out", TEXTS, exact=True)["agreement"] > 0.9999
    with pytest.raises(ConfigError, match="K051"):
        export_huggingface(tmp_path / "s", tmp_path / "hf")
    assert not (tmp_path / "hf").exists()


def test_transformers_pipeline_loads_the_folder_and_gives_the_hidden_case_labels(student, tmp_path):
    transformers = pytest.importorskip("transformers")
    export_huggingface(student, tmp_path / "hf")
    pipeline = transformers.pipeline(
        "token-classification", str(tmp_path / "hf"), aggregation_strategy="none"
    )
    tagger = open_tagger(student)
    names = ["O", *(f"{part}-{label}" for label in tagger.labels for part in "BIIB")]
    for document in TEXTS[:8]:
        (reading,) = tagger.reader([document.text])
        hidden = replace(reading, shapes=np.zeros_like(reading.shapes))
        (scores,) = tagger.scores([hidden])
        expected = {
            int(start): names[tag]
            for (start, _), tag in zip(reading.words, scores.argmax(1), strict=True)
            if tag
        }
        starts = {int(start) for start, _ in reading.words}
        found = {one["start"]: one["entity"] for one in pipeline(document.text) if one["start"] in starts}
        assert found == expected


def test_the_pipeline_groups_pieces_into_spans(student, tmp_path):
    transformers = pytest.importorskip("transformers")
    export_huggingface(student, tmp_path / "hf")
    pipeline = transformers.pipeline(
        "token-classification", str(tmp_path / "hf"), aggregation_strategy="first"
    )
    found = pipeline("Dorothea left Oslo .")
    assert {"entity_group", "start", "end", "score"} <= set(found[0])
    assert {one["entity_group"] for one in found} <= {"PER", "LOC"}


def test_the_model_card_says_what_it_is(student, tmp_path):
    export_huggingface(student, tmp_path / "hf")
    card = (tmp_path / "hf" / "README.md").read_text()
    for part in (
        "pipeline_tag: token-classification",
        "- LOC: ",
        "- PER: ",
        "loss `cross-entropy`",
        "## Limits",
    ):
        assert part in card


def test_an_interrupted_export_leaves_the_previous_one(student, tmp_path, monkeypatch):
    export_huggingface(student, tmp_path / "hf")
    before = folder_bytes(tmp_path / "hf")

    def broken(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("silversmith.tagger.export.huggingface.model_card", broken)
    with pytest.raises(KeyboardInterrupt):
        export_huggingface(student, tmp_path / "hf")
    assert folder_bytes(tmp_path / "hf") == before
    assert {path.name for path in tmp_path.iterdir()} == {"hf", "student"}


def test_a_folder_of_something_else_is_not_overwritten(student, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(ModelError, match="A005"):
        export_huggingface(student, tmp_path / "mine")


def test_a_changed_export_is_noticed(student, tmp_path, quick, monkeypatch):
    pytest.importorskip("onnxruntime")
    train_tagger(tiny_documents(40), tmp_path / "other", quick(steps=3))
    with pytest.raises(ModelError, match="K052"):
        check_parity(student, tmp_path / "other", TEXTS, exact=True)


def test_a_missing_library_is_named(student, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ConfigError, match=r"K050.*silversmith\[onnx\]"):
        export_onnx(student, tmp_path / "out")
