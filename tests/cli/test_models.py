import io
import json
import sys

import numpy as np
import pytest
from safetensors.numpy import save_file

from silversmith.cli import models_adding


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    monkeypatch.setenv("SILVERSMITH_HOME", str(folder))
    return folder


@pytest.fixture
def sae(tmp_path):
    """A tiny autoencoder for block 3 of mini, in SAELens' layout."""
    folder = tmp_path / "sae"
    folder.mkdir()
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((768, 20)).astype(np.float32)
    tensors = {"W_enc": weight, "W_dec": weight.T.copy(), "b_enc": np.zeros(20, np.float32)}
    save_file({**tensors, "b_dec": np.zeros(768, np.float32)}, folder / "sae_weights.safetensors")
    config = {"architecture": "standard", "d_in": 768, "d_sae": 20, "dtype": "float32"}
    config |= {"apply_b_dec_to_input": True, "normalize_activations": "none"}
    config["metadata"] = {"hook_name": "blocks.3.hook_resid_post"}
    (folder / "cfg.json").write_text(json.dumps(config))
    return folder


def records(cli, *words):
    done = cli("models", *words, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_everything_is_listed_with_what_it_costs(cli, home):
    done = cli("models")
    assert done.returncode == 0, done.stderr
    for part in (
        "trunk.safetensors",
        "gemma3-270m",
        "google/gemma-2-9b-it",
        "gemma-scope-9b-pt-res-canonical *",
    ):
        assert part in done.stdout
    found = records(cli)
    assert {one["kind"] for one in found} == {"part", "language model", "release"}
    for one in found:
        assert one["licence"], one
        if one["kind"] != "part":
            assert one["memory"], one
            assert isinstance(one["gated"], bool)


def test_a_release_lists_its_autoencoders_and_marks_the_papers(cli, home):
    found = records(cli, "gemma-scope-2b-pt-res-canonical")
    paper = {(one["layer"], one["d_sae"]) for one in found if one["paper"]}
    assert paper == {(layer, width) for layer in (5, 12, 19) for width in (16384, 65536, 1048576)}
    (one,) = [one for one in found if (one["layer"], one["d_sae"]) == (12, 65536)]
    assert one["memory"] == one["disk"] == 4 * 2304 * 65536
    assert one["download"] == 2 * one["memory"]
    assert (one["gated"], one["licence"], one["l0"]) == (False, "CC-BY-4.0", 72)


def test_a_text_filters(cli, home):
    assert {one["name"] for one in records(cli, "minilm")} == {"all-minilm-l6-v2"}
    assert "nothing known" in cli("models", "zzz").stdout


def test_a_local_autoencoder_is_converted_listed_and_verified(cli, home, sae):
    done = cli("models", "add", "sae", "--json")
    assert done.returncode == 0, done.stderr
    added = json.loads(done.stdout)
    assert (added["d_in"], added["d_sae"]) == (768, 20)
    (listed,) = [one for one in records(cli) if one["kind"] == "installed"]
    assert listed["folder"] == added["folder"]
    assert "20 latents" in listed["what"]
    (home / "saes" / added["folder"].rpartition("/")[2] / "encoder.safetensors").write_bytes(b"cut")
    done = cli("models", "--verify")
    assert (done.returncode, "A004" in done.stderr) == (2, True)


def test_terms_are_shown_and_nobody_to_ask_is_a_no(cli, home):
    done = cli("models", "add", "gemma3-270m")
    assert done.returncode == 2
    for part in (
        "https://ai.google.dev/gemma/terms",
        "What you train on its states",
        "S040",
        "--accept-gemma-terms",
    ):
        assert part in " ".join(done.stderr.split())
    assert not home.exists()


@pytest.mark.parametrize(("typed", "agreed"), [("y\n", True), ("\n", False)])
def test_a_terminal_is_asked(home, monkeypatch, capsys, typed, agreed):
    from silversmith.core.errors import ConfigError
    from silversmith.models import install as installing

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    installs = []
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    monkeypatch.setattr(installing, "install", lambda name, source, **_: installs.append(name) or home / name)
    if agreed:
        assert models_adding.add_model("gemma3-270m", None, agreed=False)["name"] == "gemma3-270m"
    else:
        with pytest.raises(ConfigError, match="S040"):
            models_adding.add_model("gemma3-270m", None, agreed=False)
    assert installs == (["gemma3-270m"] if agreed else [])
    assert "[y/N]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["add"], "S049"),
        (["add", "a", "b"], "S049"),
        (["a", "b"], "S049"),
        (["add", "gemma-scope-2b"], "S020"),
        (["add", "all-minilm-l6-v2", "--from", "."], "S043"),
        (["add", "sae", "--sae-format", "saelans"], "S017"),
    ],
)
def test_refusals_are_one_line(cli, home, sae, words, code):
    done = cli("models", *words)
    assert (done.returncode, code in done.stderr) == (2, True), done.stderr
    assert done.stderr.count("\n") == 1
