"""SIGKILL at 20 random moments, of training and of tagging: the same bytes as without."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tiny_tagger import folder_bytes, tiny_documents

from silversmith.formats import write

HERE = Path(__file__).parent
KILLS = 20
TRAIN = """
import sys; sys.path.insert(0, {here!r})
import torch; torch.set_num_threads(1)
from tiny_tagger import tiny_documents, tiny_encoder
from silversmith.tagger import encoders
encoders.load_encoder = lambda source: tiny_encoder()
from silversmith.tagger.options import make_train_options
from silversmith.tagger.train import train_tagger
options = make_train_options(
    steps=300, budget=120, rate=2e-3, window=60, overlap=16, loss="robust", evaluate=30, patience=0
)
print("begin", flush=True)
train_tagger(tiny_documents(30), {out!r}, options, save_every=0)
"""
TAG = """
import torch; torch.set_num_threads(1)
from silversmith.cli.main import run
print("begin", flush=True)
run(["tag", {source!r}, "--tagger", {tagger!r}, "--out", {out!r}])
"""


def run_killed(code: str, seconds: float | None) -> bool:
    """Run; kill `seconds` after the work began (None: never). Whether it ended by itself."""
    environment = {**os.environ, "SILVERSMITH_QUIET": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    assert process.stdout
    process.stdout.readline()
    if seconds is not None:
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
    process.stdout.close()
    return process.wait() == 0


def survive(code: str, whole: float, seed: int) -> int:
    """Kill at random moments until it has been killed KILLS times, then let it end; kills that hit."""
    rng, hits = random.Random(seed), 0
    for _ in range(KILLS):
        hits += not run_killed(code, rng.uniform(0, whole / 4))
    assert run_killed(code, None)
    return hits


@pytest.mark.slow
def test_training_and_tagging_survive_twenty_kills(tmp_path):
    begin = time.monotonic()
    assert run_killed(TRAIN.format(here=str(HERE), out=str(tmp_path / "whole")), None)
    whole = time.monotonic() - begin
    assert survive(TRAIN.format(here=str(HERE), out=str(tmp_path / "again")), whole, 0) > 5
    assert folder_bytes(tmp_path / "again") == folder_bytes(tmp_path / "whole")
    write(tiny_documents(4000, sentences=1), tmp_path / "in.jsonl")
    names = {"source": str(tmp_path / "in.jsonl"), "tagger": str(tmp_path / "whole")}
    begin = time.monotonic()
    assert run_killed(TAG.format(**names, out=str(tmp_path / "a.jsonl")), None)
    whole = time.monotonic() - begin
    assert survive(TAG.format(**names, out=str(tmp_path / "b.jsonl")), whole, 1) > 5
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
