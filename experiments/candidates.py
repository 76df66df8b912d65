"""Oracle recall of the candidate presets on Re-DocRED and AnEM: what no typing can mend.

    python -m experiments.candidates --data FOLDER [--model FOLDER]

FOLDER holds redocred/ and anem/ as `silversmith data` makes them. Presets were chosen on Re-DocRED dev and
AnEM's own development split (misses were read there to find general patterns); test is only reported.
No span of either set touches a weight or a pattern's parameters. Writes results/candidates.json and .md (the
measures themselves are full_ner's, which proposes for the same documents).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from experiments.common import write_result

from silversmith.candidates import Candidate, Coverage, Union, measure_candidates, preset
from silversmith.core import Document, blocks, track
from silversmith.formats import read
from silversmith.models.heads import load_heads
from silversmith.models.mini import Mini, load_mini

__all__ = ["main"]

Pairs = list[tuple[Document, list[Candidate]]]
SETS = (("redocred", "general"), ("anem", "anatomy"))


def parts(data: Path, name: str) -> Iterator[tuple[str, list[Document]]]:
    """(part, documents): dev and test; for AnEM dev is the development split's own test part."""
    if name == "redocred":
        yield "dev", list(read(data / name / "dev.jsonl.gz"))
    else:
        chosen = set(json.loads((data / name / "devsplit.json").read_text(encoding="utf-8"))["dev_test"])
        yield "dev", [one for one in read(data / name / "train.jsonl.gz") if one.id in chosen]
    yield "test", list(read(data / name / "test.jsonl.gz"))


def propose(documents: Sequence[Document], union: Union, model: Mini) -> Pairs:
    """Each document with its candidates."""
    pairs: Pairs = []
    for block in blocks(track(documents, "candidates", len(documents)), 32):
        encoded = model.encode([one.text for one in block], union.taps)
        pairs += [(one, union.propose(one, states)) for one, states in zip(block, encoded, strict=True)]
    return pairs


def interval(pairs: Pairs, seed: int = 0) -> tuple[float, float]:
    """Bootstrap over documents: 95 % interval of the exact recall."""
    gold = np.array([len(document.spans) for document, _ in pairs])
    found = np.array([measure_candidates([pair]).exact.total() for pair in pairs])
    draws = np.random.default_rng(seed).integers(0, len(pairs), (1000, len(pairs)))
    recalls = found[draws].sum(1) / np.maximum(1, gold[draws].sum(1))
    return float(np.quantile(recalls, 0.025)), float(np.quantile(recalls, 0.975))


def rows(name: str, part: str, coverage: Coverage) -> list[str]:
    """Lines of the table."""
    lines = [
        f"| {name} | {part} | all | {coverage.gold.total()} | {coverage.exact_recall:.3f} | "
        f"{coverage.half_recall:.3f} | {coverage.per_word:.3f} |"
    ]
    lines += [
        f"| {name} | {part} | {label} | {one['gold']} | {one['exact']:.3f} | {one['iou_0.5']:.3f} | |"
        for label, one in coverage.by_type().items()
    ]
    return lines


def main() -> None:
    """Measure both sets, dev and test."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, help="a folder of mini's layout (default: the package's)")
    arguments = parser.parse_args()
    model = load_mini(arguments.model)
    heads = load_heads(model.artefact.path("heads.safetensors"))
    extra, files = {}, []
    table = ["| set | part | type | gold | exact | IoU 0.5 | a word |", "|---|---|---|---:|---:|---:|---:|"]
    for name, chosen in SETS:
        for part, documents in parts(arguments.data, name):
            union = preset(chosen, heads)
            pairs = propose(documents, union, model)
            coverage = measure_candidates(pairs)
            table += rows(name, part, coverage)
            low, high = interval(pairs)
            extra[f"{name}.{part}"] = {
                "preset": union.identity(),
                "exact": coverage.exact_recall,
                "exact_interval": [low, high],
                "iou_0.5": coverage.half_recall,
                "per_word": coverage.per_word,
                "documents": len(documents),
                "words": coverage.words,
                "by_type": coverage.by_type(),
                "dropped": dict(union.dropped),
            }
        files += sorted((arguments.data / name).glob("*.jsonl.gz"))
    print("\n".join(table))
    note = {"redocred": "pre-tokenised", "choice": "presets chosen on dev only", "heads": heads.config}
    write_result(
        "candidates",
        {},
        data_files=files,
        extra={"parts": extra, "note": note},
        markdown="\n".join(table),
    )


if __name__ == "__main__":
    main()
