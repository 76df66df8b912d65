"""Typing score of candidate autoencoders on development data, beside dense baselines on the same states.

    python training/score_sae.py --trunk FOLDER --data NER_FOLDER --cache FOLDER --out FILE RUN...

RUN: folders written by train_sae.py. Re-DocRED: 200 documents of train -> 100 of dev, gold spans, weighted
F1; L2 logistic over latents x roles (default pooling of `features`), and over the mean role alone.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_array
from sklearn.metrics import f1_score
from tokenizers import Tokenizer

from silversmith.models.named import open_autoencoder
from silversmith.models.trunk import load_trunk
from silversmith.sources.features.logistic import fit_logistic
from silversmith.sources.features.options import Options
from silversmith.sources.features.pooling import pool, role_matrix
from silversmith.sources.features.table import SpanTable, locate

LABELS = ["LOC", "MISC", "NUM", "ORG", "PER", "TIME"]


def read(path: Path, count: int) -> list[dict[str, Any]]:
    """The first documents of a split."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for _, line in zip(range(count), lines, strict=False)]


def encode(
    trunk_folder: Path, documents: list[dict[str, Any]], taps: list[int], cache: Path
) -> dict[str, Any]:
    """Stacked states {tap: [pieces, width]} and the gold spans' table, cached on disk."""
    names = [cache.with_name(f"{cache.name}-b{tap}.npy") for tap in taps]
    tokenizer = Tokenizer.from_file(str(trunk_folder / "tokenizer.json"))
    encodings = [tokenizer.encode(one["text"], add_special_tokens=False) for one in documents]
    if not all(name.exists() for name in names):
        trunk = load_trunk(trunk_folder / "trunk.safetensors")
        rows: dict[int, list[np.ndarray]] = {tap: [] for tap in taps}
        for encoding in encodings:
            ids = [0, *encoding.ids[:510], 2]
            for tap, state in zip(taps, trunk.packed(torch.tensor(ids), [len(ids)], taps), strict=True):
                rows[tap].append(state[1:-1].half().numpy())
        for tap, name in zip(taps, names, strict=True):
            np.save(name, np.concatenate(rows[tap]))
    tables, low = [], 0
    for number, (document, encoding) in enumerate(zip(documents, encodings, strict=True)):
        offsets = np.asarray(encoding.offsets[:510], np.int32)
        spans = np.asarray([span[:2] for span in document["spans"]], np.int32)
        labels = np.asarray([LABELS.index(span[2]) for span in document["spans"]], np.int32)
        table = locate(offsets, spans, labels, document=number, low=low)
        tables.append(table.take(table.first < table.last))
        low += len(offsets)
    states = {tap: np.load(name, mmap_mode="r") for tap, name in zip(taps, names, strict=True)}
    return {"states": states, "spans": SpanTable.join(tables), "pieces": low}


def dense_roles(part: dict[str, Any], tap: int) -> np.ndarray:
    """[spans, 5 x width]: mean, first, last, left, right."""
    states = np.asarray(part["states"][tap], np.float32)
    roles = ("span", "first", "last", "left", "right")
    return np.hstack([role_matrix(part["spans"], role, len(states)) @ states for role in roles])


def score(x: Any, y: np.ndarray, x2: Any, y2: np.ndarray, strength: float) -> float:
    """Weighted F1 of an L2 logistic regression."""
    w, bias = fit_logistic(x, y, len(LABELS), strength=strength)
    return float(f1_score(y2, np.argmax(x2 @ w.astype(np.float32) + bias, axis=1), average="weighted"))


def main() -> None:
    """Score each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--trunk", "--data", "--cache", "--out"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("runs", type=Path, nargs="*")
    a = parser.parse_args()
    torch.set_grad_enabled(False)
    a.cache.mkdir(parents=True, exist_ok=True)
    taps = [3, 4, 5]
    fit = encode(a.trunk, read(a.data / "redocred/train.jsonl.gz", 200), taps, a.cache / "fit")
    dev = encode(a.trunk, read(a.data / "redocred/dev.jsonl.gz", 100), taps, a.cache / "dev")
    y, y2 = fit["spans"].label, dev["spans"].label
    table = json.loads(a.out.read_text())["runs"] if a.out.exists() else {}
    for tap in taps:
        if f"dense block {tap}" not in table:
            f1 = score(dense_roles(fit, tap), y, dense_roles(dev, tap), y2, 0.1)
            table[f"dense block {tap}"] = {"typing": f1}
            print(tap, f1, flush=True)
    for run in a.runs:
        report = json.loads((run / "report.json").read_text())
        sae = open_autoencoder(str(run / "whole"), block=report["block"] - 1)
        for roles in (("span", "first", "last", "left", "right"), ("span",)):
            options = Options(roles=roles)
            x, x2 = (_pooled(sae, part, options) for part in (fit, dev))
            key = "typing" if len(roles) > 1 else "typing_mean_role"
            report[key] = max(score(x, y, x2, y2, strength) for strength in (0.3, 1.0))
        table[run.name] = report
        print(run.name, report, flush=True)
        a.out.write_text(json.dumps({"command": "training/score_sae.py", "runs": table}, indent=1) + "\n")


def _pooled(sae: Any, part: dict[str, Any], options: Options) -> csr_array:
    """Span vectors of one part."""
    states = np.asarray(part["states"][sae.tap], np.float32)
    return pool(sae.encode(states), part["spans"], options)


if __name__ == "__main__":
    main()
