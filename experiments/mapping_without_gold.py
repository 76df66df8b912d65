"""A mapping without gold: latents mapped by another source's silver, beside the mapping of gold.

    python -m experiments.mapping_without_gold --data DIR --cache cache [--sets redocred anem bc5cdr]

The silver is what the names of types alone find (the source `concept`) in the first documents of train; the
same documents with gold make the mapping to compare with. "taken for gold": what nobody labelled is no
entity; "silver": `fit --silver` (sources/features/doubt.py). Exact micro F1 on the first documents of test
(of dev with --part dev), beside that of the names themselves. "thinned": the gold less half of its
strings, drawn by seed 0, as a dictionary would miss them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from experiments.common import RESULTS, write_result
from experiments.features_setup import found_documents
from experiments.fusion_sets import SETS
from experiments.gener import matched
from experiments.gener_setup import micro

from silversmith.core import Document, EntityType, Schema
from silversmith.formats import read
from silversmith.models.named import Choice
from silversmith.sources.concept.opening import open_names
from silversmith.sources.features import Mapping, Options
from silversmith.sources.features.cache import ArrayCache
from silversmith.sources.features.corpus import Corpus, read_corpus
from silversmith.sources.features.opening import open_parts
from silversmith.sources.features.reading import Reader

NAMES = {
    **{name: SETS[name].names for name in ("redocred", "bc5cdr")},
    "anem": {
        "Anatomical_system": ("anatomical system",), "Cell": ("cell",),
        "Cellular_component": ("cell component",),
        "Developing_anatomical_structure": ("developing anatomical structure",),
        "Immaterial_anatomical_entity": ("immaterial anatomical entity",),
        "Multi-tissue_structure": ("multi-tissue structure",), "Organ": ("organ",),
        "Organism_subdivision": ("organism subdivision",), "Organism_substance": ("organism substance",),
        "Pathological_formation": ("pathological formation",), "Tissue": ("tissue",),
    },
}  # fmt: skip
ROWS = {"taken for gold": "none", "silver": "unlabelled"}


def run(a: argparse.Namespace, name: str) -> dict[str, Any]:
    """One set's rows."""
    folder = a.data / name
    train = list(islice(read(folder / "train.jsonl.gz"), a.documents))
    tested = list(islice(read(folder / f"{a.part}.jsonl.gz"), a.tested))
    found = sorted({span.label for one in train for span in one.spans})
    schema = Schema(
        types=tuple(EntityType(name=one, concepts=tuple(NAMES[name].get(one, (one,)))) for one in found)
    )
    source = open_names(schema, None, None)
    rows: dict[str, Any] = {"names alone": micro(tested, matched(source, tested))}
    choice = Choice.of_json({}, model=None, sae=None, block=None, context=None, dtype=None, prompt=False)
    reader = Reader(*open_parts(choice, "general"), ArrayCache(a.cache / f"without-gold-{name}"))
    held = read_corpus(tested, schema.names, reader)
    made = {"names": matched(source, train), "thinned": thinned(train)}
    rows["gold"] = fitted(read_corpus(train, schema.names, reader), held, "none")
    for silver, documents in made.items():
        corpus = read_corpus(documents, schema.names, reader)
        rows[f"{silver}, itself on train"] = micro(train, documents)
        for label, doubt in ROWS.items():
            rows[f"{silver}, {label}"] = fitted(corpus, held, doubt)
    for key, row in rows.items():
        print(name, key, {part: round(row[part], 3) for part in ("f1", "precision", "recall")}, flush=True)
    return rows


def thinned(documents: Sequence[Document]) -> list[Document]:
    """Gold without half of its strings."""
    draw, kept = np.random.default_rng(0), dict[str, bool]()
    made = []
    for one in documents:
        for span in one.spans:
            kept.setdefault(one.text[span.start : span.end], bool(draw.random() < 0.5))
        made.append(one.with_spans(s for s in one.spans if kept[one.text[s.start : s.end]]))
    return made


def fitted(corpus: Corpus, held: Corpus, doubt: str) -> dict[str, Any]:
    """Scores of a mapping fitted on a corpus, and its noise estimate."""
    mapping = Mapping.fit(corpus, Options().changed(doubt=doubt), examples=0)
    said = mapping.predict(held.matrix, held.proposed)
    scores = micro(held.documents, found_documents(held, said.p, said.decided))
    return {**scores, "noise": mapping.counts.get("noise")}


def main() -> None:
    """Run the sets; write results/mapping_without_gold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", choices=list(NAMES), default=list(NAMES))
    parser.add_argument("--part", choices=("dev", "test"), default="test")
    parser.add_argument("--documents", type=int, default=100, help="of train")
    parser.add_argument("--tested", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    sets = {name: run(a, name) for name in a.sets}
    lines = [
        "# A mapping without gold", "",
        f"Exact micro F1 on {a.tested} {a.part} documents; mappings of {a.documents} train documents. "
        "Silver: what the names of types find alone; gold less half of its strings.", "",
        "| mapping | " + " | ".join(sets) + " |", "|---|" + "---:|" * len(sets),
    ]  # fmt: skip
    for key in next(iter(sets.values())):
        cells = [
            f"{rows[key]['f1']:.3f} ({rows[key]['precision']:.2f}, {rows[key]['recall']:.2f})"
            for rows in sets.values()
        ]
        lines.append(f"| {key} | " + " | ".join(cells) + " |")
    lines += ["", "In brackets precision and recall."]
    files = [a.data / name / f"{part}.jsonl.gz" for name in sets for part in ("train", a.part)]
    name = "mapping_without_gold" if a.part == "test" else "mapping_without_gold_dev"
    write_result(name, {}, data_files=files, extra={"sets": sets}, markdown="\n".join(lines), folder=a.out)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
