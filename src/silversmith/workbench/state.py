"""State: which stages of a project are done, and of what."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from silversmith.core import __version__, checksum
from silversmith.workbench.stages import Stage

__all__ = ["State", "digest", "key"]


class State:
    """What was done: stage -> key of its inputs and checksums of its outputs. Written after each stage."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done: dict[str, Any] = {}
        if path.is_file():
            try:
                self.done = json.loads(path.read_text("utf-8"))
            except ValueError:
                self.done = {}  # half written by a kill: everything is done again

    def fresh(self, stage: Stage) -> bool:
        """Whether it need not be done again."""
        known = self.done.get(stage.name)
        if known is None or not all(one.exists() for one in (*stage.inputs, *stage.outputs)):
            return False
        return bool(known["key"] == key(stage) and known["outputs"] == [digest(one) for one in stage.outputs])

    def note(self, stage: Stage, seconds: float) -> None:
        """It is done."""
        outputs = [digest(one) for one in stage.outputs]
        self.done[stage.name] = {"key": key(stage), "outputs": outputs, "seconds": round(seconds, 1)}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        aside = self.path.with_name(self.path.name + ".new")
        aside.write_text(json.dumps(self.done, indent=1) + "\n", encoding="utf-8")
        aside.replace(self.path)


def key(stage: Stage) -> str:
    """What decides a stage's outputs."""
    parts = [__version__, *stage.command, *(digest(one) for one in stage.inputs)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def digest(path: Path) -> str:
    """Checksum of a file; of a folder: of its files' names and checksums."""
    if path.is_file():
        return checksum(path)
    if (manifest := path / "manifest.json").is_file():
        return checksum(manifest)  # it names the checksums of the rest
    found = hashlib.sha256()
    for one in sorted(path.rglob("*")) if path.is_dir() else ():
        if one.is_file():
            found.update(f"{one.relative_to(path)}\0{checksum(one)}\n".encode())
    return found.hexdigest()
