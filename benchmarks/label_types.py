"""`label --types` from a cold start to the first answered document; and the size of the embedded model.

Each run is a new process that labels one short document by three names; the median of five counts (the files
are in the system's cache after the first).

    python benchmarks/label_types.py
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from experiments.common import measure, write_result

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "src" / "silversmith" / "models" / "mini_weights"
TEXT = "In 1843 Ada Lovelace wrote to Charles Babbage in London about the Analytical Engine."
RUNS = 5


def main() -> None:
    """Measure and write results/benchmarks/label_types.json."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "SILVERSMITH_QUIET": "1"}
    seconds = []
    with tempfile.TemporaryDirectory() as room:
        (Path(room) / "letter.txt").write_text(TEXT)
        command = [sys.executable, "-m", "silversmith", "label", "letter.txt"]
        command += ["--types", "person, city, machine", "--out", "out.jsonl"]
        for _ in range(RUNS):
            begin = time.monotonic()
            subprocess.run(command, cwd=room, env=environment, check=True, capture_output=True)
            seconds.append(time.monotonic() - begin)
    size = sum(path.stat().st_size for path in WEIGHTS.iterdir()) / 1e6
    print(f"{statistics.median(seconds):.2f} s of {RUNS} runs; mini: {size:.1f} MB")
    write_result(
        "benchmarks/label_types",
        {
            "speed.label_types.cold_seconds": measure(statistics.median(seconds), min(seconds), max(seconds)),
            "mini.total_mb": measure(size),
        },
        extra={"seconds": seconds},
    )


if __name__ == "__main__":
    main()
