"""Print each target of results/targets.tsv beside results/summary.json, and what falls short."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from summary import RESULTS, targets

OPS = {">=": lambda value, target: value >= target, "<=": lambda value, target: value <= target}


def verdict(row: dict[str, str], found: dict[str, Any] | None) -> str:
    """ "met", "falls short by ...", "reported", "-" (nothing measured yet)."""
    if found is None:
        return "-"
    if row["op"] not in OPS:
        return "reported"
    value, target = found["value"], float(row["target"])
    return "met" if OPS[row["op"]](value, target) else f"falls short by {abs(value - target):.4g}"


def line(row: dict[str, str], found: dict[str, Any] | None) -> str:
    """One measure as a line of the table."""
    value = "" if found is None else f"{found['value']:.4g}"
    interval = ""
    if found and found["low"] is not None:
        interval = f"[{found['low']:.4g}, {found['high']:.4g}]"
    target = f"{row['op']} {row['target']}" if row["target"] else row["op"]
    return f"  {row['key']:<52}{value:>9} {interval:<19}{target:<12}{row['paper']:>8}  {verdict(row, found)}"


def main() -> None:
    """Print the table; exit code 0 whatever it says."""
    path = RESULTS / "summary.json"
    summary = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for stage, group in groupby(targets(), key=lambda row: row["stage"]):
        rows = list(group)
        print(f"\n{stage}\n  {'key':<52}{'value':>9} {'interval':<19}{'target':<12}{'paper':>8}  verdict")
        for row in rows:
            print(line(row, summary.get(row["key"])))
        verdicts = [verdict(row, summary.get(row["key"])) for row in rows]
        short = [row["key"] for row, one in zip(rows, verdicts, strict=True) if one.startswith("falls")]
        print(f"  {verdicts.count('met')} met, {len(short)} fall short, {verdicts.count('-')} not measured")
        if short:
            print("  falls short: " + ", ".join(short))


if __name__ == "__main__":
    main()
