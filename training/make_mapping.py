"""Fit the mapping that ships: `general`, six types, from the 999 documents of redocred/train.

    python training/make_mapping.py --data NER_FOLDER --cache FOLDER --out mappings/general

The same artefact as `silversmith fit redocred/train.jsonl.gz`, with states read from the experiments' cache.
`--set anem` makes `anatomy` (AnEM is for research only: never commit or ship what is made of it).
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from experiments.features_setup import corpora, load_tasks, parser

from silversmith.core import checksum
from silversmith.sources.features import Mapping, Options


def main() -> None:
    """Read, fit, save."""
    arguments = parser(__doc__ or "")
    arguments.set_defaults(sets=["redocred"], split="dev")
    a = arguments.parse_args()
    for task in load_tasks(a):
        mapping, _, identity = corpora(task, a, states=False)
        fitted = Mapping.fit(mapping, Options(), identity={**identity, "candidates": {"name": task.preset}})
        inputs = {path.name: checksum(path) for path in task.files[:1]}
        fitted.save(a.out, preset=task.preset, inputs=inputs, command="python training/make_mapping.py")
        print(fitted.options.rule, fitted.temperature, fitted.counts)


if __name__ == "__main__":
    main()
