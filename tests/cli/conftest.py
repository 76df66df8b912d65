"""The command line with a stand-in source, in this process: `done = cli("label", ...)`."""

import io
import sys
from collections import namedtuple
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

Done = namedtuple("Done", "returncode stdout stderr")


@pytest.fixture
def cli(monkeypatch, capfd, tmp_path):
    """Run a command in tmp_path; gives returncode, stdout, stderr."""
    import fake_source

    from silversmith.cli.main import run
    from silversmith.sources.features import opening

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(opening, "open_features", fake_source.open_fake)

    def call(*words, stdin=""):
        capfd.readouterr()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = 0
        try:
            run([str(word) for word in words])
        except SystemExit as end:
            code = end.code or 0
        sys.stdout.flush()
        return Done(code, *capfd.readouterr())

    return call
