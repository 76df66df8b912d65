"""The annotations that the concept tower of `mini` learned from: counts, and their heavy tail (figure 4).

    python -m experiments.concepts --annotated FILE

FILE: ours, or one in NuNER's published layout. Writes results/concepts.json, .md and .svg.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from experiments.common import RESULTS, write_result

from silversmith.reports.svg import Series, line_plot
from silversmith.sources.concept.annotations import Annotations

PAPER = {"documents": 1_000_000, "annotations": 4_380_000, "concepts": 200_000, "tail": 0.5}


def main() -> None:
    """Count and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--annotated", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    whole = Annotations.read(arguments.annotated)
    facts = whole.statistics()
    counts = np.array(whole.counts)
    ranks = np.unique(np.geomspace(1, len(counts), 40).astype(int))
    svg = line_plot(
        [Series("ours", [(float(rank), float(np.log10(counts[rank - 1]))) for rank in ranks])],
        title="Concepts by how often they were named", x_label="rank of the concept",
        y_label="log10 of mentions", log_x=True,
    )  # fmt: skip
    lines = [
        "# Free concept annotations", "", "| | ours | the paper |", "|---|---:|---:|",
        *(f"| {key} | {facts[key]:,} | {PAPER[key]:,} |" for key in ("documents", "annotations", "concepts")),
        f"| concepts seen once | {facts['tail']:.2f} | more than {PAPER['tail']:.2f} |", "",
        "Most frequent: " + ", ".join(f"{name} {n:,}" for name, n in facts["most_frequent"].items()) + ".",
    ]  # fmt: skip
    write_result(
        "concepts", {}, data_files=[arguments.annotated], extra={"statistics": facts},
        markdown="\n".join(lines), svg=svg, folder=arguments.out,
    )  # fmt: skip
    print("\n".join(lines))


if __name__ == "__main__":
    main()
