"""The embedded model, a small corpus and its index."""

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def mini_parts():
    """(encoder, candidate generator)."""
    from silversmith.sources.concept.opening import load_encoder

    torch.set_num_threads(1)
    return load_encoder("mini")


@pytest.fixture(scope="session")
def index(mini_parts, tmp_path_factory):
    """The corpus, indexed."""
    from question_corpus import documents

    from silversmith.sources.question import build_index

    made, _ = build_index(documents(), tmp_path_factory.mktemp("index") / "ix", *mini_parts)
    return made
