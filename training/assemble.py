"""Put the parts of `mini` into one artefact: python training/assemble.py --parts FOLDER --out FOLDER.

Copies what is there (trunk, tokenizer, heads, sae ...), writes the manifest with their checksums.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from silversmith.core import write_artefact

OURS = "Apache-2.0; trained on the texts that docs/reference/data-card.md lists"
PARTS = {
    "trunk.safetensors": ("the first blocks of all-mpnet-base-v2, 8 bits", "Apache-2.0 (all-mpnet-base-v2)"),
    "tokenizer.json": ("the tokenizer of all-mpnet-base-v2", "Apache-2.0 (all-mpnet-base-v2)"),
    "heads.safetensors": ("part-of-speech and mention heads", OURS),
    "sae.safetensors": ("sparse autoencoder on the trunk's last block, encoder only", OURS),
    "concept.safetensors": (
        "concept tower: two further blocks of all-mpnet-base-v2 trained on, a head, 8 bits",
        f"{OURS}; begun from all-mpnet-base-v2 (Apache-2.0)",
    ),
    "names.safetensors": ("names of concepts, and mentions, with their vectors, 8 bits", OURS),
    "masked.safetensors": (
        "masked language model: the first blocks of all-MiniLM-L6-v2 trained on, a tied head, 8 bits",
        f"{OURS}; begun from all-MiniLM-L6-v2 (Apache-2.0)",
    ),
}


def main() -> None:
    """Copy and describe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args()
    present = {name: facts for name, facts in PARTS.items() if (a.parts / name).exists()}
    parts = {name: {"what": what, "licence": licence} for name, (what, licence) in present.items()}
    licences = {name: licence for name, (_, licence) in present.items()}
    with write_artefact(a.out, "mini", parts=parts, licences=licences) as folder:
        for name in present:
            shutil.copyfile(a.parts / name, folder / name)


if __name__ == "__main__":
    main()
