"""Copy numbers from results/summary.json into README.md between the marks; `--check` only compares.

<!-- results:begin -->
...replaced...
<!-- results:end -->
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from summary import RESULTS, ROOT, targets

README = ROOT / "README.md"
BLOCK = re.compile(r"(<!-- results:begin -->\n).*?(<!-- results:end -->)", re.DOTALL)
ROWS = (
    ("redocred.typing.weighted_f1", "typing of gold spans, Re-DocRED, weighted F1"),
    ("anem.typing.weighted_f1", "typing of gold spans, AnEM, weighted F1"),
    ("redocred.ner.exact.weighted_f1", "full NER, Re-DocRED, exact, weighted F1"),
    ("redocred.ner.iou50.weighted_f1", "full NER, Re-DocRED, overlap 0.5, weighted F1"),
    ("redocred.ner.exact.map20.weighted_f1", "the same, exact, from 20 labelled documents"),
    ("anem.ner.iou30.weighted_f1", "full NER, AnEM, overlap 0.3, weighted F1"),
    ("gemma270m.anem.typing.weighted_f1", "typing of gold spans, AnEM, with Gemma 3 270M"),
    ("gemma270m.redocred.ner.iou50.weighted_f1", "full NER, Re-DocRED, overlap 0.5, with Gemma 3 270M"),
    ("zeroshot.crossner5.mean_f1", "types by name alone, CrossNER without misc, mean micro F1"),
    ("xner.conll.p1000.LOC", "from one example a type, CoNLL-2003 train: first 1,000 places, precision"),
    ("xner.conll.p1000.PER", "the same, first 1,000 people (many are parts of names)"),
    ("xner.conll.micro_f1", "a tagger from one example a type, CoNLL-2003, micro F1"),
    ("gener.p100.mean", 'answers to "Which disease?" and its like, first 100 in four texts, precision'),
    ("gener.conll.micro_f1", "a tagger from questions alone, CoNLL-2003 (three types), micro F1"),
    ("gener.bc5cdr.micro_f1", "a tagger from questions alone, BC5CDR, micro F1"),
    ("redocred.typing.ece", "calibration error of its probabilities (ECE)"),
    ("speed.label.fraction_of_forward", "speed of `label`, share of the bare forward pass"),
)


def table(summary: dict[str, dict[str, Any]]) -> str:
    """The Markdown table of the rows that are measured; a sentence if none is."""
    goals = {row["key"]: f"{row['op']} {row['target']}" for row in targets()}
    lines = ["| test set, one run on test | ours | 95 % interval | target | paper |", "|---|---|---|---|---|"]
    for key, what in ROWS:
        if one := summary.get(key):
            interval = "" if one["low"] is None else f"{one['low']:.3f} to {one['high']:.3f}"
            paper = "" if one["paper"] is None else f"{one['paper']:.3f}"
            lines.append(f"| {what} | {one['value']:.3f} | {interval} | {goals.get(key, '')} | {paper} |")
    return "\n".join(lines) + "\n" if len(lines) > 2 else "No results have been measured yet.\n"


def main() -> None:
    """Write or compare the block."""
    path = RESULTS / "summary.json"
    summary = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    old = README.read_text(encoding="utf-8")
    new, count = BLOCK.subn(lambda match: match[1] + table(summary) + match[2], old)
    if count != 1:
        raise SystemExit("README.md: needs exactly one block <!-- results:begin --> ... <!-- results:end -->")
    if "--check" in sys.argv:
        if new != old:
            raise SystemExit("README.md: its results are stale: run make docs")
        return
    README.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
