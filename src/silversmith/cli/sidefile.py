"""Side file: what a long command has finished so far, so that after a kill the same command goes on.

Beside the output `silver.jsonl` lie `silver.jsonl.part` (finished documents, JSON lines) and
`silver.jsonl.part.json` (how far it is valid, and of what). A block counts only once the second names it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from silversmith.core import Document

__all__ = ["SideFile"]


class SideFile:
    """Finished blocks of a run.

    settings: whatever decides the result (JSON values); a side file of other settings is not gone on with.
    documents: finished ones. totals: the numbers kept with them. resumable: whether a later run may go on.
    """

    def __init__(self, output: Path, settings: dict[str, Any]) -> None:
        self.path = output.with_name(output.name + ".part")
        self._state_path = output.with_name(output.name + ".part.json")
        self._settings = json.loads(json.dumps(settings))
        self._digest = hashlib.sha256()
        self.documents, self._size = 0, 0
        self.totals: dict[str, Any] = {}
        self.resumable = True

    def resume(self, documents: Iterable[Document]) -> bool:
        """Take over an earlier run's blocks if its settings and its documents are those of this run.

        documents: this run's input from its start; as many as were finished are read.
        """
        try:
            state = json.loads(self._state_path.read_text(encoding="utf-8"))
            valid = state["settings"] == self._settings and self.path.stat().st_size >= state["bytes"]
        except (OSError, ValueError, KeyError):
            return False
        if not valid:
            return False
        digest = hashlib.sha256()
        for count, document in enumerate(documents, start=1):
            _update(digest, document)
            if count == state["documents"]:
                break
        if digest.hexdigest() != state["digest"]:
            return False
        self._digest, self.documents, self._size = digest, state["documents"], state["bytes"]
        self.totals = state["totals"]
        os.truncate(self.path, self._size)  # what a killed run wrote after its last finished block
        return True

    def add(self, documents: Iterable[Document], lines: Iterable[str], totals: dict[str, Any]) -> None:
        """Append one finished block: its input documents and a line of output for each."""
        data = "".join(f"{line}\n" for line in lines).encode("utf-8")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("r+b" if self._size else "wb") as file:
            file.seek(self._size)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        self._size += len(data)
        for document in documents:
            _update(self._digest, document)
            self.documents += 1
        self.totals = totals
        self._save()

    def remove(self) -> None:
        """Delete both files."""
        self._state_path.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    def _save(self) -> None:
        """Name the finished blocks, in one step."""
        state = {
            "settings": self._settings,
            "documents": self.documents,
            "bytes": self._size,
            "digest": self._digest.hexdigest(),
            "totals": self.totals,
        }
        aside = self._state_path.with_name(self._state_path.name + ".new")
        aside.write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
        aside.replace(self._state_path)


def _update(digest: Any, document: Document) -> None:
    """Add what a source sees of a document."""
    seen = [document.id, document.text, document.words, document.sentences]
    digest.update(json.dumps(seen).encode("ascii") + b"\n")
