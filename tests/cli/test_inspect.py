"""`silversmith inspect` and `silversmith models` on small artefacts."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from silversmith.cli.main import make_app
from silversmith.core import write_artefact


@pytest.fixture
def artefact(tmp_path):
    folder = tmp_path / "made"
    fields = {
        "inputs": {"gold.jsonl": "ab12"},
        "licences": ["MIT", "CC0"],
        "configuration": {"rule": "naive", "empty": {}, "steps": [{"a": 1}]},
        "parts": {"trunk.safetensors": {"what": "four blocks", "licence": "Apache-2.0"}},
    }
    with write_artefact(folder, "mini", **fields) as aside:
        (aside / "trunk.safetensors").write_bytes(b"x" * 1_500_000)
        (aside / "head.safetensors").write_bytes(b"y")
    return folder


def call(*words: object):
    words = tuple(map(str, words))
    return CliRunner().invoke(make_app([words[0]]), words, env={"COLUMNS": "200"})


def test_inspect_prints_what_it_is(artefact):
    done = call("inspect", artefact)
    assert done.exit_code == 0
    for expected in (
        "mini",
        "inputs.gold.jsonl",
        "ab12",
        "MIT, CC0",
        "configuration.rule",
        "1,500,000 bytes",
        "{}",
    ):
        assert expected in done.stdout
    assert '[{"a": 1}]' in done.stdout


def test_inspect_prints_json(artefact):
    done = call("inspect", artefact, "--json")
    assert json.loads(done.stdout) == json.loads((artefact / "manifest.json").read_text())


def test_inspect_refuses_an_altered_artefact_unless_told(artefact):
    (artefact / "head.safetensors").write_bytes(b"z")
    done = call("inspect", artefact)
    assert done.exit_code == 2
    assert "A004" in done.stderr
    assert done.stdout == ""
    assert call("inspect", artefact, "--no-verify").exit_code == 0


def test_models_lists_parts_with_size_licence_and_checksum(artefact):
    done = call("models", "--folder", artefact, "--verify")
    assert done.exit_code == 0
    assert "four blocks" in done.stdout
    assert "1.5 MB in all; every checksum is right" in done.stdout
    parts = {
        part["part"]: part
        for part in map(json.loads, call("models", "--folder", artefact, "--json").stdout.splitlines())
        if part["kind"] == "part"
    }
    assert parts["trunk.safetensors"]["bytes"] == 1_500_000
    assert parts["trunk.safetensors"]["licence"] == "Apache-2.0"
    assert parts["head.safetensors"]["licence"] == "MIT, CC0"
    assert len(parts["head.safetensors"]["sha256"]) == 64


def test_models_names_the_altered_part(artefact):
    (artefact / "trunk.safetensors").write_bytes(b"x" * 1000)
    assert call("models", "--folder", artefact).exit_code == 0
    done = call("models", "--folder", artefact, "--verify")
    assert done.exit_code == 2
    assert "trunk.safetensors" in done.stderr
    assert "sha256" in done.stderr


def test_models_refuses_another_kind(tmp_path):
    with write_artefact(tmp_path / "m", "mapping"):
        pass
    done = call("models", "--folder", tmp_path / "m")
    assert done.exit_code == 2
    assert "A002" in done.stderr
