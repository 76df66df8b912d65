"""Fixtures over the toy world (`import features_toy`)."""

import sys
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

# a busy machine is no fault of the code, so no example has a deadline
settings.register_profile("features", deadline=None, max_examples=40)
settings.load_profile("features")


@pytest.fixture(scope="session")
def reader():
    from features_toy import Capitals, ToyModel, ToySae

    from silversmith.sources.features.reading import Reader

    return Reader(ToyModel(), ToySae(), Capitals(), states=True)


@pytest.fixture(scope="session")
def corpus(reader):
    """Forty documents with spans and candidates."""
    from features_toy import TYPES, toy_documents

    from silversmith.sources.features.corpus import read_corpus

    return read_corpus(toy_documents(40, seed=1), TYPES, reader)


@pytest.fixture(scope="session")
def tested(reader):
    """Twenty others."""
    from features_toy import TYPES, toy_documents

    from silversmith.sources.features.corpus import read_corpus

    return read_corpus(toy_documents(20, seed=2), TYPES, reader)


@pytest.fixture(scope="session")
def source():
    """A fitted source."""
    from features_toy import TYPES, Capitals, ToyModel, toy_documents

    from silversmith.core import Schema
    from silversmith.sources.features import Features, Options

    schema, documents = Schema.of(TYPES), toy_documents(40, seed=1)
    return Features.prepare(
        schema, documents, model=ToyModel(), candidates=Capitals(), options=Options(strength=0.02)
    )
