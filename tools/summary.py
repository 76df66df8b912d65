"""Collect measures of results/**/*.json in results/summary.json: key -> value, low, high, paper, command."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results"


def targets(path: Path = RESULTS / "targets.tsv") -> list[dict[str, str]]:
    """The rows of targets.tsv: stage, key, op, target, paper, what."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))[1:]
    names = ("stage", "key", "op", "target", "paper", "what")
    return [dict(zip(names, [*row, *[""] * len(names)], strict=False)) for row in rows if row]


def collect(folder: Path = RESULTS) -> dict[str, dict[str, Any]]:
    """All measures of the folder's result files. A key that two files claim ends the program: one must go."""
    paper = {
        row["key"]: float(row["paper"]) if row["paper"] else None for row in targets(folder / "targets.tsv")
    }
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.rglob("*.json")):
        if path.name == "summary.json":
            continue
        content = json.loads(path.read_text(encoding="utf-8"))
        for key, one in content.get("measures", {}).items():
            if key in found:
                raise SystemExit(f"{path.relative_to(folder)}: {key} is claimed by another result file too")
            found[key] = {
                "value": one["value"],
                "low": one.get("low"),
                "high": one.get("high"),
                "paper": paper.get(key),
                "command": content["command"],
            }
    return dict(sorted(found.items()))


def main() -> None:
    """Write results/summary.json."""
    found = collect()
    text = json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    (RESULTS / "summary.json").write_text(text, encoding="utf-8")
    print(f"results/summary.json: {len(found)} measures")


if __name__ == "__main__":
    main()
