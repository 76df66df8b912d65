"""Makes `tiny_tagger` (this folder) importable, keeps torch to one thread, trains one tiny tagger for all."""

import sys
from pathlib import Path

import pytest
import torch
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))
settings.register_profile("tagger", deadline=None, max_examples=40)
settings.load_profile("tagger")

from tiny_tagger import tiny_documents, tiny_encoder  # noqa: E402

from silversmith.tagger.options import make_train_options  # noqa: E402
from silversmith.tagger.train import train_tagger  # noqa: E402

QUICK = {"budget": 120, "rate": 2e-3, "dropout": 0.0, "window": 60, "overlap": 16, "train_embeddings": True}


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def tiny(monkeypatch):
    """Every encoder name means the tiny one."""
    monkeypatch.setattr(
        "silversmith.tagger.encoders.load_encoder", lambda source, blocks=None: tiny_encoder()
    )


@pytest.fixture
def quick():
    return lambda **values: make_train_options(**{**QUICK, "steps": 60, "loss": "cross-entropy", **values})


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A tiny tagger that knows its documents."""
    folder = tmp_path_factory.mktemp("tagger") / "trained"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("silversmith.tagger.encoders.load_encoder", lambda source, blocks=None: tiny_encoder())
        options = make_train_options(**{**QUICK, "steps": 120, "loss": "cross-entropy"})
        train_tagger(tiny_documents(60), folder, options)
    return folder
