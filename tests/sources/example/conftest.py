"""Fixtures: a tiny random masked model, two types; makes the plain oracle importable."""

import sys
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[3]
for folder in (Path(__file__).parent, ROOT / "tests" / "models", ROOT / "benchmarks"):
    sys.path.insert(0, str(folder))
settings.register_profile("example", deadline=None, max_examples=6)
settings.load_profile("example")


@pytest.fixture(scope="session")
def model():
    from tiny_masked import tiny_masked

    return tiny_masked()


@pytest.fixture(scope="session")
def causal():
    """A tiny causal model with a tokenizer that has no frame."""
    from tiny_models import make_model, make_tokenizer

    from silversmith.models.masked_open import wrap_masked

    return wrap_masked(make_model("gpt2"), make_tokenizer("plain"), causal=True, name="tiny-gpt2")


@pytest.fixture
def schema():
    from example_toy import make_schema

    return make_schema()


@pytest.fixture
def quiet(monkeypatch):
    monkeypatch.setenv("SILVERSMITH_QUIET", "1")
