"""The open text that `mini` is trained on, in one fixed random order (DESIGN: nothing else may be used)."""

from __future__ import annotations

import json
import lzma
import random
from collections.abc import Iterator
from pathlib import Path

__all__ = ["open_text"]


def open_text(folder: Path, seed: int = 0, sources: str = "") -> Iterator[dict[str, str]]:
    """Every document of FOLDER/*.jsonl.xz in a seeded random order; `sources`: comma-separated prefixes."""
    wanted = [name for name in sources.split(",") if name]
    documents = []
    for path in sorted(folder.glob("*.jsonl.xz")):
        if wanted and not any(path.name.startswith(name) for name in wanted):
            continue
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            documents.extend(json.loads(line) for line in lines)
    random.Random(seed).shuffle(documents)
    yield from documents
