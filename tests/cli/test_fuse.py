"""`silversmith fuse`."""

import json
from pathlib import Path

import numpy as np
import pytest


def write(path, seed, recall):
    rng = np.random.default_rng(seed)
    with Path(path).open("w") as file:
        for n in range(150):
            text = " ".join(f"w{k:02}" for k in range(8))
            spans = [
                {"start": 4 * k, "end": 4 * k + 3, "label": "AB"[k % 2], "score": 0.8}
                for k in range(0, 8, 2)
                if rng.random() < recall
            ]
            spans += [{"start": 4, "end": 7, "label": "A", "score": 0.4}] if rng.random() < 0.1 else []
            file.write(
                json.dumps(
                    {"id": f"d{n}", "text": text, "spans": sorted(spans, key=lambda one: one["start"])}
                )
                + "\n"
            )


@pytest.fixture
def sets(tmp_path, monkeypatch):
    monkeypatch.setenv("SILVERSMITH_QUIET", "1")
    for n, name in enumerate(("a.jsonl", "b.jsonl", "c.jsonl")):
        write(tmp_path / name, n, 0.7)


def test_fuse(sets, cli, tmp_path):
    done = cli("fuse", "a.jsonl", "b.jsonl", "c.jsonl", "--out", "f.jsonl", "--report", "page.html", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["method"] == "label-model"
    assert set(record["reliability"]) == {"a", "b", "c"}
    assert "silent" in Path("page.html").read_text() or "another span" in Path("page.html").read_text()
    manifest = json.loads(Path("f.jsonl.manifest.json").read_text())
    assert manifest["fusion"]["used"] == "label-model"
    table = cli("fuse", "a.jsonl", "b.jsonl", "--out", "g.jsonl")
    assert "too few" in table.stderr
    assert "precision" in table.stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["a.jsonl", "b.jsonl", "--out", "a.jsonl"], "N008"),
        (["a.jsonl", "a.jsonl", "--out", "f.jsonl"], "R003"),
        (["a.jsonl", "b.jsonl", "--out", "f.jsonl", "--method", "vote"], "G011"),
        (["a.jsonl", "b.jsonl", "--out", "f.jsonl", "-o", "bin=1"], "G010"),
        (["a.jsonl", "other.jsonl", "--out", "f.jsonl"], "E002"),
    ],
)
def test_refusals(sets, cli, tmp_path, words, code):
    Path("other.jsonl").write_text(json.dumps({"id": "x", "text": "t", "spans": []}) + "\n")
    done = cli("fuse", *words)
    assert done.returncode == 2
    assert code in done.stderr
    assert not Path("f.jsonl").exists()
