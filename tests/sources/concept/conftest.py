"""One trained toy encoder for all tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def quiet(monkeypatch):
    monkeypatch.setenv("SILVERSMITH_QUIET", "1")


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """(the prepared and finished training, the encoder that it wrote)."""
    from concept_toy import ToyModel, Words, annotated

    from silversmith.models.concepts import load_concept_part
    from silversmith.sources.concept.annotations import Annotations
    from silversmith.sources.concept.backbone import FrozenModel
    from silversmith.sources.concept.pretraining import PretrainOptions
    from silversmith.sources.concept.run import prepare

    work = tmp_path_factory.mktemp("pretraining")
    texts = Annotations.of(annotated(120))
    rest, held = texts.split([document.id for document in texts.documents[-30:]])
    options = PretrainOptions(epochs=12, texts=8, names=8, project=16, hidden=24, size=16, near=None)
    run = prepare(rest, held, FrozenModel(ToyModel(), (1, 2), 2), (ToyModel(), Words()), options, work)
    run.trainer.run()
    run.finish(work / "concept.safetensors", {"kind": "toy"})
    return run, load_concept_part(work / "concept.safetensors", ToyModel())
