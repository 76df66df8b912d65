"""`serve(behave)`: a server that is gone after the test."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def serve():
    from chat_server import Server

    made = []

    def start(*arguments, **options):
        made.append(Server(*arguments, **options))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("SILVERSMITH_QUIET", "1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
