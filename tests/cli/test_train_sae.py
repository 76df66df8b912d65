import json

import numpy as np
import pytest

OPTIONS = (
    "--model",
    "mini",
    "--block",
    "1",
    "--latents",
    "40",
    "--k",
    "4",
    "--tokens",
    "640",
    "--batch",
    "64",
)


@pytest.fixture
def states(tmp_path):
    """States written beforehand, in tmp_path/states."""
    (tmp_path / "states").mkdir()
    for number in range(3):
        rows = np.random.default_rng(number).normal(size=(400, 12)).astype(np.float16)
        np.save(tmp_path / "states" / f"b2-{number:05}.npy", rows)
    return "states"


def test_it_trains_and_shows_how_it_went(cli, states, tmp_path):
    done = cli("train-sae", states, *OPTIONS, "--out", "sae", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["out"] == "sae"
    assert record["steps"] == 10
    assert record["l0"] <= 4
    manifest = json.loads((tmp_path / "sae" / "manifest.json").read_text())
    assert (manifest["kind"], manifest["tap"], manifest["training"]["k"]) == ("sae", 2, 4)
    assert manifest["licences"] == {"weights": "that of the model and of the text"}
    again = cli("train-sae", states, *OPTIONS, "--out", "sae")
    assert (again.returncode, again.stdout) == (2, "")
    assert "[S056]" in again.stderr


def test_people_get_a_line(cli, states):
    done = cli("train-sae", states, *OPTIONS, "--out", "sae", "--kind", "jumprelu", "--licence", "CC0")
    assert done.returncode == 0, done.stderr
    assert "explained variance" in done.stdout
    assert "pieces read" in done.stdout


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (("--kind", "softmax"), "[S050]"),
        (("--k", "41"), "[S050]"),
        (("--tokens", "3"), "[S050]"),
        (("--norm", "all"), "[S050]"),
    ],
)
def test_options_without_sense_are_refused(cli, states, changes, code, tmp_path):
    done = cli("train-sae", states, *OPTIONS, *changes, "--out", "sae")
    assert done.returncode == 2
    assert code in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["states"]


@pytest.mark.parametrize(
    ("model", "block", "code"), [("mini", "9", "[S026]"), ("no-such-model", "1", "[S047]")]
)
def test_a_model_or_block_that_is_not_there(cli, tmp_path, model, block, code):
    (tmp_path / "t.txt").write_text("Ada wrote it. " * 50)
    options = [*OPTIONS[4:], "--model", model, "--block", block, "--out", "sae"]
    done = cli("train-sae", "t.txt", *options)
    assert done.returncode == 2, done.stderr
    assert code in done.stderr
