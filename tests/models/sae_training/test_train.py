"""Whole trainings: the same bits after a kill, what the folder holds, what is refused."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from tiny_training import settings, sparse_states, stored

from silversmith.core import Artefact, ConfigError, ModelError
from silversmith.models.sae_formats import read_sae
from silversmith.models.sae_training import train, work_folder

NAMES = {"name": "tiny-sae", "model": "tiny", "licences": {"weights": "none"}}
WEIGHTS = "sae_weights.safetensors"


def run(folder, out, **changes):
    return train(stored(folder / "states"), settings(**changes), out, **NAMES)


def naive(weights, x, k):
    """Dense numpy, from the file's own tensors."""
    z = x @ weights["W_enc"] + weights["b_enc"]
    if "threshold" in weights:
        return z * (z > weights["threshold"])
    a = np.zeros_like(z)
    best = np.argsort(-z, axis=1)[:, :k]
    np.put_along_axis(a, best, np.maximum(np.take_along_axis(z, best, 1), 0), 1)
    return a


@pytest.mark.parametrize("kind", ["topk", "jumprelu"])
@pytest.mark.parametrize("norm", ["none", "scalar", "diagonal"])
def test_the_folder_is_an_artefact_that_encodes_raw_states(tmp_path, kind, norm):
    report = run(tmp_path, tmp_path / "out", kind=kind, norm=norm, tokens=2560, lr=0.01)
    Artefact.open(tmp_path / "out", "sae")
    sae = read_sae(tmp_path / "out")
    assert (sae.name, sae.tap, sae.d_in, sae.d_sae) == ("tiny-sae", 2, 12, 40)
    assert sae.identity()["sha256"] == Artefact.open(tmp_path / "out").manifest["files"][WEIGHTS]
    weights, x = load_file(tmp_path / "out" / WEIGHTS), sparse_states(300, seed=9).numpy()
    expected = naive(weights, x, 4)
    np.testing.assert_allclose(sae.encode(x).toarray(), expected, atol=1e-3)
    error = expected @ weights["W_dec"] + weights["b_dec"] - x
    explained = 1 - (error**2).sum() / ((x - x.mean(0)) ** 2).sum()
    assert explained == pytest.approx(report["explained_variance"], abs=0.1)
    assert not work_folder(tmp_path / "out").exists()


def test_equal_settings_give_equal_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        run(tmp_path, tmp_path / name, seed=seed)
    a, b, c = ((tmp_path / name / WEIGHTS).read_bytes() for name in "abc")
    assert a == b
    assert a != c


SLOW = """
import sys, time
from pathlib import Path
sys.path[:0] = [{here!r}]
from tiny_training import settings, stored
from silversmith.models.sae_training import train
from silversmith.models.sae_training.kinds import {trainer} as Trainer
step = Trainer.step
def slow(self, x):
    time.sleep({pause})
    return step(self, x)
Trainer.step = slow
folder = Path({folder!r})
train(stored(folder / "states"), settings(**{changes!r}), folder / {out!r}, minutes=0, name="tiny-sae",
      model="tiny", licences={{"weights": "none"}})
"""


def child(tmp_path, out, changes, pause):
    trainer = "JumpReluTrainer" if changes["kind"] == "jumprelu" else "TopKTrainer"
    code = SLOW.format(
        here=str(Path(__file__).parent),
        folder=str(tmp_path),
        changes=changes,
        out=out,
        pause=pause,
        trainer=trainer,
    )
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("kind", ["topk", "jumprelu"])
def test_killed_and_resumed_gives_the_same_bytes(tmp_path, kind):
    changes = {"kind": kind, "tokens": 2560, "passes": 2, "plateau": 1, "lr": 0.01, "outliers": "clip"}
    stored(tmp_path / "states")
    run(tmp_path, tmp_path / "whole", **changes)
    process = child(tmp_path, "broken", changes, 0.1)
    checkpoint = work_folder(tmp_path / "broken") / "checkpoint.safetensors"
    deadline = time.monotonic() + 120
    while not checkpoint.exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "broken").exists()
    process = child(tmp_path, "broken", changes, 0)
    _, words = process.communicate()
    assert process.returncode == 0, words
    assert "going on after step" in words
    for name in (WEIGHTS, "cfg.json", "curve.jsonl", "manifest.json"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "broken" / name).read_bytes(), name


def stop_after(monkeypatch, steps):
    """Break off a training in this process after so many steps."""
    from silversmith.models.sae_training.kinds import TopKTrainer

    step = TopKTrainer.step

    def broken(self, x):
        if self.count == steps:
            raise KeyboardInterrupt
        return step(self, x)

    monkeypatch.setattr(TopKTrainer, "step", broken)


@pytest.mark.parametrize("spare", [True, False])
@pytest.mark.parametrize("steps", [1, 7, 12, 13, 19])
def test_broken_off_at_any_step_goes_on_to_the_same_bytes(tmp_path, monkeypatch, steps, spare):
    states = stored(tmp_path / "states")
    train(states, settings(), tmp_path / "whole", **NAMES)
    with monkeypatch.context() as patch:
        stop_after(patch, steps)
        with pytest.raises(KeyboardInterrupt):
            train(states, settings(), tmp_path / "broken", minutes=0, **NAMES)
    if not spare:
        (work_folder(tmp_path / "broken") / "buffer.safetensors").unlink()
    train(states, settings(), tmp_path / "broken", **NAMES)
    for name in (WEIGHTS, "manifest.json"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "broken" / name).read_bytes()


def test_the_plateau_ends_it_early(tmp_path):
    report = run(tmp_path, tmp_path / "out", tokens=64 * 1000, plateau=2, lr=1e-9)
    assert report["steps"] == 300 + 330
    points = [json.loads(line) for line in (tmp_path / "out" / "curve.jsonl").read_text().splitlines()]
    assert points[-1]["step"] == report["steps"]


def test_outliers_are_dropped_clipped_or_kept_and_counted(tmp_path):
    for number in range(4):
        x = sparse_states(500, seed=7 + number)
        x[::50] *= 1000
        (tmp_path / "states").mkdir(exist_ok=True)
        np.save(tmp_path / "states" / f"b2-{number}.npy", x.numpy())
    from silversmith.models.sae_training import StoredStates, stored_files

    states = StoredStates(stored_files(tmp_path / "states", 2), 2, {"name": "tiny"}, 0)
    found = {
        outliers: train(
            states, settings(outliers=outliers, tokens=6400, lr=0.01), tmp_path / outliers, **NAMES
        )
        for outliers in ("drop", "clip", "keep")
    }
    assert found["drop"]["outliers"] / found["drop"]["pieces"] == pytest.approx(0.02)
    assert found["clip"]["outliers"] > 0
    assert found["drop"]["explained_variance"] > 0.5


def test_divergence_stops_and_keeps_the_last_checkpoint(tmp_path, monkeypatch):
    from silversmith.models.sae_training.kinds import TopKTrainer

    step = TopKTrainer.step

    def poisoned(self, x):
        return step(self, x * float("nan") if self.count == 9 else x)

    monkeypatch.setattr(TopKTrainer, "step", poisoned)
    with pytest.raises(ModelError, match=r"S052.*checkpoint is kept.*step 10"):
        train(stored(tmp_path / "states"), settings(), tmp_path / "out", minutes=0, **NAMES)
    kept = load_file(work_folder(tmp_path / "out") / "checkpoint.safetensors")
    assert all(np.isfinite(tensor).all() for tensor in kept.values())
    assert not (tmp_path / "out").exists()


def test_parameters_that_are_no_numbers_never_replace_a_checkpoint(tmp_path, monkeypatch):
    from silversmith.models.sae_training.kinds import TopKTrainer

    step = TopKTrainer.step

    def poisoned(self, x):
        progress = step(self, x)
        if self.count == 5:
            self.dictionary.bias[2] = float("inf")
        return progress

    monkeypatch.setattr(TopKTrainer, "step", poisoned)
    with pytest.raises(ModelError, match=r"S052.*bias"):
        train(stored(tmp_path / "states"), settings(), tmp_path / "out", minutes=0, **NAMES)
    kept = load_file(work_folder(tmp_path / "out") / "checkpoint.safetensors")
    assert np.isfinite(kept["trainer.bias"]).all()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"k": 41}, "S050"),
        ({"k": 0}, "S050"),
        ({"tokens": 63}, "S050"),
        ({"kind": "topp"}, "S050.*topk"),
        ({"outliers": "cut"}, "S050"),
        ({"lr": float("nan")}, "S050"),
        ({"warmup": 0.9, "decay": 0.2}, "S050"),
    ],
)
def test_settings_without_sense_are_refused(changes, code):
    with pytest.raises(ConfigError, match=code):
        settings(**changes)


def test_what_was_begun_otherwise_or_is_finished_is_refused(tmp_path, monkeypatch):
    states = stored(tmp_path / "states")
    with monkeypatch.context() as patch:
        stop_after(patch, 5)
        with pytest.raises(KeyboardInterrupt):
            train(states, settings(), tmp_path / "out", minutes=0, **NAMES)
    with pytest.raises(ConfigError, match=r"S055.*lr: 0.001, not 0.002"):
        train(states, settings(lr=0.002), tmp_path / "out", **NAMES)
    other = stored(tmp_path / "states")
    other.model = {"name": "other"}
    with pytest.raises(ConfigError, match=r"S055.*model"):
        train(other, settings(), tmp_path / "out", **NAMES)
    path = work_folder(tmp_path / "out") / "checkpoint.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="S011"):
        train(states, settings(), tmp_path / "out", **NAMES)
    path.write_bytes(whole)
    train(states, settings(), tmp_path / "out", **NAMES)
    with pytest.raises(ConfigError, match="S056"):
        train(states, settings(), tmp_path / "out", **NAMES)


def test_states_that_are_no_numbers_are_refused(tmp_path):
    x = sparse_states(500)
    x[400, 3] = float("inf")
    np.save(tmp_path / "b2-0.npy", x.numpy())
    from silversmith.models.sae_training import StoredStates

    with pytest.raises(ModelError, match="S052"):
        train(StoredStates([tmp_path / "b2-0.npy"], 2, {}, 0), settings(), tmp_path / "out", **NAMES)


def test_arrays_of_other_shapes_are_refused(tmp_path):
    from silversmith.models.sae_training import StoredStates

    np.save(tmp_path / "a.npy", np.zeros((3, 4)))
    np.save(tmp_path / "b.npy", np.zeros((3, 5)))
    with pytest.raises(ModelError, match="S054"):
        StoredStates(sorted(tmp_path.glob("*.npy")), 2, {}, 0)


def test_threads_and_torch_state_stay_as_they_were(tmp_path):
    before, random = torch.get_num_threads(), torch.get_rng_state()
    run(tmp_path, tmp_path / "out")
    assert torch.get_num_threads() == before
    assert torch.equal(torch.get_rng_state(), random)
    assert torch.is_grad_enabled()
    assert os.environ["SILVERSMITH_QUIET"] == "1"
