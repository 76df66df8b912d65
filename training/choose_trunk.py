"""Choose the trunk on development data: shrunk LDA on mean-pooled span states, block by block.

    python training/choose_trunk.py --mpnet TRUNK --minilm FOLDER --data NER_FOLDER --out results/trunk.json

TRUNK comes from make_trunk.py (as many blocks as are to be compared). Re-DocRED: 200 documents of
train -> 100 of dev; AnEM: dev_train -> dev_dev of devsplit.json. Gold spans, weighted F1.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import f1_score
from tokenizers import Tokenizer

from silversmith.models.trunk import load_trunk


def read(path: Path) -> list[dict[str, Any]]:
    """The documents of one split."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def splits(data: Path) -> dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """Set -> (mapping documents, documents to score on)."""
    red = (read(data / "redocred/train.jsonl.gz")[:200], read(data / "redocred/dev.jsonl.gz")[:100])
    parts = json.loads((data / "anem/devsplit.json").read_text())
    names = list(parts)
    anem = {one["id"]: one for one in read(data / "anem/train.jsonl.gz")}
    first, second = ([anem[i] for i in parts[name] if i in anem] for name in names[:2])
    return {"redocred": red, "anem": (first, second)}


class MPNet:
    """The trunk's states after every block."""

    def __init__(self, folder: Path) -> None:
        self.trunk = load_trunk(folder / "trunk.safetensors")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.frame, self.taps = ([0], [2]), range(self.trunk.config.blocks + 1)

    def __call__(self, ids: list[int]) -> list[torch.Tensor]:
        """States after each block."""
        return self.trunk.packed(torch.tensor(ids), [len(ids)], self.taps)


class MiniLM:
    """all-MiniLM-L6-v2's states after every block."""

    def __init__(self, folder: Path) -> None:
        from transformers import BertModel

        self.model = BertModel.from_pretrained(folder).eval()
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.frame, self.taps = ([101], [102]), range(7)

    def __call__(self, ids: list[int]) -> list[torch.Tensor]:
        """States after each block."""
        found = self.model(torch.tensor([ids]), output_hidden_states=True).hidden_states
        return [one[0] for one in found]


def spans(model: Any, documents: list[dict[str, Any]]) -> tuple[list[np.ndarray], list[str]]:
    """Mean-pooled states of the gold spans after each block [tap][spans, width], and their labels."""
    rows: list[list[np.ndarray]] = [[] for _ in model.taps]
    labels = []
    for document in documents:
        encoding = model.tokenizer.encode(document["text"], add_special_tokens=False)
        ids, offsets = encoding.ids[:510], np.array(encoding.offsets[:510])
        states = [state[1:-1].numpy() for state in model([*model.frame[0], *ids, *model.frame[1]])]
        for start, end, label, *_ in document["spans"]:
            inside = (offsets[:, 0] < end) & (offsets[:, 1] > start)
            if inside.any():
                labels.append(label)
                for tap, state in enumerate(states):
                    rows[tap].append(state[inside].mean(0))
    return [np.stack(one) for one in rows], labels


def main() -> None:
    """Probe every block of both models on both sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--mpnet", "--minilm", "--data", "--out"):
        parser.add_argument(name, type=Path, required=True)
    a = parser.parse_args()
    torch.set_grad_enabled(False)
    torch.set_num_threads(2)
    table: dict[str, dict[str, float]] = {}
    for name, model in (("all-mpnet-base-v2", MPNet(a.mpnet)), ("all-MiniLM-L6-v2", MiniLM(a.minilm))):
        for dataset, (fit, score) in splits(a.data).items():
            x, y = spans(model, fit)
            x2, y2 = spans(model, score)
            for tap in model.taps:
                probe = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(x[tap], y)
                f1 = f1_score(y2, probe.predict(x2[tap]), average="weighted")
                table.setdefault(f"{name} after {tap} blocks", {})[dataset] = round(float(f1), 4)
                print(name, tap, dataset, round(f1, 4), flush=True)
    a.out.parent.mkdir(exist_ok=True)
    a.out.write_text(
        json.dumps({"command": "training/choose_trunk.py", "weighted_f1": table}, indent=1) + "\n"
    )


if __name__ == "__main__":
    main()
