"""How many public formats of sparse autoencoders conform, and how many known traps are caught.

    python -m experiments.sae_conformance

Formats: the tests' tiny random autoencoders in their original layouts against a plain numpy encoder (same
latents, values within 1e-4). Traps: each is put back into the loader or the hooks; it counts as caught if a
check that passes without it then fails. `make conformance` compares with the original libraries.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from experiments.common import measure, write_result

from silversmith.core import track
from silversmith.models.sae_formats import detect, read_sae

TESTS = Path(__file__).resolve().parent.parent / "tests" / "models"
TRAPS = 30
"""Traps in the list that the tests follow."""


def formats(folder: Path) -> dict[str, dict[str, Any]]:
    """Fixture -> family, largest difference and entries with another support."""
    import sae_fixtures

    rows = {}
    for case in sae_fixtures.write_all(folder):
        found = read_sae(case.path, case.hints).encode(case.x).toarray()
        rows[case.name] = {
            "family": detect(case.path).family,
            "largest_difference": float(np.abs(found - case.expected).max()),
            "other_support": int(((found > 0) != (case.expected > 0)).sum()),
        }
    return rows


def traps(folder: Path) -> dict[int, dict[str, bool]]:
    """Number of the trap -> each way to put it back -> whether it was caught."""
    import language_traps
    import sae_traps

    caught: dict[int, dict[str, bool]] = {}
    for number, trap in enumerate(track(sae_traps.LOADER_TRAPS, "traps")):
        before, after = sae_traps.run(trap, folder / str(number))
        caught.setdefault(trap.number, {})[trap.name] = not before and bool(after)
    for trap in language_traps.LANGUAGE_TRAPS:
        before, after = language_traps.run(trap)
        caught.setdefault(trap.number, {})[trap.name] = not before and bool(after)
    return caught


def main() -> None:
    """Count, and write results/sae_conformance.json."""
    torch.set_num_threads(1)
    sys.path[:0] = [str(TESTS), str(TESTS / "sae_formats")]
    with tempfile.TemporaryDirectory() as name:
        rows, caught = formats(Path(name) / "formats"), traps(Path(name) / "traps")
    right = [row for row in rows.values() if not row["other_support"] and row["largest_difference"] <= 1e-4]
    seen = [number for number, ways in caught.items() if all(ways.values())]
    measures = {
        "sae.formats_conform": measure(len(right) / len(rows)),
        "sae.traps_caught": measure(len(seen) / TRAPS),
    }
    extra = {"formats": rows, "traps": {str(number): caught[number] for number in sorted(caught)}}
    path = write_result("sae_conformance", measures, extra=extra)
    print(f"{len(right)} of {len(rows)} layouts conform, {len(seen)} of {TRAPS} traps caught -> {path.name}")


if __name__ == "__main__":
    main()
