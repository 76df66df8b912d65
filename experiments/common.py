"""What every experiment and benchmark shares: one shape of result file.

`results/<name>.json` is an object with "command", "versions", "seed", "data" (sha256 a file), "made" and
"measures": key -> {"value", "low", "high"}; what else an experiment found stands beside them.
`tools/summary.py` collects the measures of all files into results/summary.json.
"""

from __future__ import annotations

import json
import platform
import shlex
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from silversmith.core import checksum

__all__ = ["RESULTS", "measure", "versions", "write_result"]

RESULTS = Path(__file__).resolve().parent.parent / "results"
PACKAGES = ("silversmith", "numpy", "scipy", "torch", "tokenizers", "scikit-learn", "nervaluate", "seqeval")


def versions() -> dict[str, str]:
    """Python and the packages that can change a number; those not installed are left out."""
    found = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def measure(value: float, low: float | None = None, high: float | None = None) -> dict[str, float | None]:
    """One measure with its interval; numbers rounded to what a reader can use (6 digits)."""
    return {
        key: None if one is None else round(float(one), 6)
        for key, one in (("value", value), ("low", low), ("high", high))
    }


def write_result(
    name: str,
    measures: Mapping[str, Mapping[str, float | None]],
    command: str | None = None,
    data_files: Iterable[Path] = (),
    extra: Mapping[str, Any] | None = None,
    markdown: str | None = None,
    svg: str | None = None,
    seed: int = 0,
    folder: Path = RESULTS,
) -> Path:
    """Write results/<name>.json and, where given, <name>.md and <name>.svg; the path of the JSON file.

    Args:
        name: e.g. "typing" or "benchmarks/speed".
        measures: key of results/targets.tsv -> `measure(...)`.
        command: what a reader types to get the file again (default: the running command).
        data_files: data sets read; of their paths only file and folder name are kept, with the sha256.
        extra: anything else, JSON values. markdown, svg: the table and the plot.
        seed: the seed all randomness came from.
    """
    content = {
        "command": command or _command(),
        "versions": versions(),
        "seed": seed,
        "data": {f"{path.parent.name}/{path.name}": checksum(path) for path in map(Path, data_files)},
        "measures": {key: dict(value) for key, value in measures.items()},
        **(extra or {}),
    }
    path = folder / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8"
    )
    head = f"<!-- made by: {content['command']} -->\n\n"
    for suffix, text in ((".md", markdown and head + markdown.rstrip() + "\n"), (".svg", svg)):
        if text:
            path.with_suffix(suffix).write_text(text, encoding="utf-8")
    return path


def _command() -> str:
    """The running command as a reader types it: run by `python -m`, without this machine's folders."""
    script, root = Path(sys.argv[0]).resolve(), RESULTS.parent
    if script.is_relative_to(root):
        module = ".".join(script.relative_to(root).with_suffix("").parts)
        words = ["-m", module]
    else:
        words = [script.name]
    shown = [Path(word).name if Path(word).is_absolute() else word for word in sys.argv[1:]]
    shown = ["DIR" if before == "--data" else word for before, word in zip(["", *shown], shown, strict=False)]
    return shlex.join(["python", *words, *shown])
