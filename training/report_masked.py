"""Keep what is known of mini's masked language model: python training/report_masked.py OUT/report.json

Writes results/masked: held-out perplexity by kind of text, of the file that ships (8 bits).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from experiments.common import write_result


def main() -> None:
    """Read the report, write the table."""
    report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    found = report["perplexity"]
    lines = [
        "# Held-out perplexity of mini's masked language model", "",
        f"One masked piece a row, never trained on; {report['pieces']:,} pieces read in training, "
        f"{report['bytes'] / 1e6:.1f} MB. `all` weighs kinds by their words; in 32 bits it is "
        f"{report['perplexity_32_bits']['perplexity']:.1f}.", "",
        "| kind of text | perplexity | standard error | share right | positions |",
        "|---|---:|---:|---:|---:|",
    ]  # fmt: skip
    lines += [
        f"| {kind} | {one['perplexity']:.1f} | {one.get('error', '')} | {one['right']:.3f} | "
        f"{one.get('positions', '')} |"
        for kind, one in found.items()
    ]
    write_result("masked", {}, extra=report, markdown="\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
