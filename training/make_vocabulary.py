"""The names of concepts that `mini` knows by heart: the most frequent of the annotations, with their vectors.

    python training/make_vocabulary.py --concepts FILE --out FOLDER/names.safetensors

Of the sentences s0001 to s11400 alone; names that stand for at least `--least` mentions.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from pathlib import Path

import torch

from silversmith.models.concepts.vocabulary import save_vocabulary
from silversmith.models.mini import load_mini

LAST_TRAINED = 11400


def main() -> None:
    """Count, encode, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--concepts", type=Path, required=True)
    parser.add_argument("--least", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    counts: Counter[str] = Counter()
    with gzip.open(a.concepts, "rt", encoding="utf-8") as lines:
        for line in lines:
            one = json.loads(line)
            if int(one["id"][1:]) <= LAST_TRAINED:
                counts.update(" ".join(name.lower().split()) for _, _, name in one["spans"])
    names = sorted(
        (name for name, n in counts.items() if n >= a.least), key=lambda name: (-counts[name], name)
    )
    save_vocabulary(a.out, names, load_mini().concept.names(names), [counts[name] for name in names])
    print(f"{len(names):,} names, {a.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
