"""Train part three of `mini`: the concept tower, two blocks on the frozen trunk and a small head.

    python training/train_concept.py --encoder FOLDER --annotated FILE --out FOLDER [--minutes 30]

--encoder holds all-mpnet-base-v2: its fifth and sixth block are where the tower begins, and the cosines of
its sentence vectors say which names mean the same (neither ships). --annotated: the concept annotations;
their sentences s11401 to s12000 validate and calibrate, and are never trained on. Everything that the frozen
trunk reads is kept in OUT; run the same command again and it goes on, to the same bits. Writes
OUT/concept.safetensors (8 bits) and OUT/report.json.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from silversmith.candidates.union import preset
from silversmith.core import checksum
from silversmith.models.mini import END, START, load_mini
from silversmith.models.trunk_model import TrunkModel
from silversmith.sources.concept.annotations import Annotations
from silversmith.sources.concept.backbone import TowerModel
from silversmith.sources.concept.pretraining import PretrainOptions
from silversmith.sources.concept.run import prepare
from silversmith.tagger.encoders import Encoder, load_encoder

HELD = ("s11401", "s12000")
BLOCKS = 2


def name_vectors(encoder: Encoder, names: Sequence[str], kept: Path) -> NDArray[np.float32]:
    """Sentence vectors of names: the mean of the last block over a name's pieces, length one."""
    if kept.is_file():
        found: NDArray[np.float32] = np.load(kept)
        if len(found) == len(names):
            return found
    model = TrunkModel(encoder.tokenizer, encoder.frame, encoder.trunk)
    last = encoder.trunk.config.blocks
    rows = []
    for begin in range(0, len(names), 512):
        rows += [one.states[last].mean(axis=0) for one in model.encode(names[begin : begin + 512], [last])]
    vectors = np.stack(rows)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    np.save(kept, vectors)
    return np.asarray(vectors, np.float32)


def say(numbers: dict[str, float]) -> None:
    """A line at each validation, and every fifty steps."""
    if "map" in numbers or numbers["step"] % 50 == 0:
        print({key: round(value, 4) for key, value in numbers.items()}, flush=True)


def main() -> None:
    """Train, write the part and a report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--annotated", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", default="tower", help="folder of this run in OUT, for pilots side by side")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--option", nargs="*", default=[], help="NAME=VALUE, see PretrainOptions")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    known = {one.name for one in fields(PretrainOptions)}
    pairs = dict(one.split("=", 1) for one in a.option)
    assert set(pairs) <= known, f"options are {sorted(known)}"
    options = PretrainOptions(**{name: json.loads(value) for name, value in pairs.items()})

    whole = Annotations.read(a.annotated)
    rest, held = whole.split([one.id for one in whole.documents if HELD[0] <= one.id <= HELD[1]])
    mini, original = load_mini(), load_encoder(str(a.encoder))
    depth = mini.depth
    tower = list(original.trunk.blocks)[depth : depth + BLOCKS]
    trunk = mini.trunk.taller(torch.nn.ModuleList(tower))
    mark: dict[str, Any] = {**mini.identity(), "tower": original.identity["weights"]}
    backbone = TowerModel(trunk, mini.tokenizer, (START, END), depth, mark)
    made = prepare(
        rest, held, backbone, (mini, preset("open", mini.heads)), options, a.out,
        near_names=lambda names: name_vectors(original, names, a.out / "name-vectors.npy"),
    )  # fmt: skip
    run = a.out / a.name
    made.trainer.checkpoint.folder = run
    done = made.trainer.run(minutes=a.minutes, say=say)
    print("done" if done else "stopped; the same command goes on", flush=True)
    facts = {
        "options": asdict(options),
        "annotated": checksum(a.annotated),
        "encoder": original.identity["weights"],
        "steps": [made.trainer.step, made.trainer.steps],
    }
    kept = made.finish(run / "concept.safetensors", facts, tower=backbone.tower)
    (run / "report.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
