"""Seconds and peak memory of `silversmith demo`, the main job end to end, in a process of its own.

python benchmarks/demo.py [--runs 3]
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from experiments.common import measure, write_result


def main() -> None:
    """Run, measure and write: the median of the seconds, the largest of the peaks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    seconds = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            begin = time.perf_counter()
            command = [sys.executable, "-m", "silversmith", "demo", "--out", folder + "/demo"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            seconds.append(time.perf_counter() - begin)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    measures = {"demo.seconds": measure(statistics.median(seconds)), "demo.peak_gb": measure(peak)}
    write_result("benchmarks/demo", measures, extra={"seconds": seconds})


if __name__ == "__main__":
    main()
