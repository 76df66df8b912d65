"""The cache of answers: one JSON line an exact request, only ever appended to, read back after any kill."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path
from typing import Any

__all__ = ["AnswerCache", "request_key"]


def request_key(url: str, body: dict[str, Any]) -> str:
    """What makes two requests the same: the server's address (without a user's name in it) and the body."""
    place = url.split("@")[-1]
    return hashlib.sha256(json.dumps([place, body], sort_keys=True).encode()).hexdigest()


class AnswerCache:
    """Answers by request. A line that a kill cut off is dropped when the file is opened."""

    def __init__(self, path: Path | None) -> None:
        self.path, self.lock = path, threading.Lock()
        self.answers: dict[str, dict[str, Any]] = {}
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = 0
        if path.is_file():
            with path.open("rb") as file:
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    record = json.loads(line)
                    self.answers[record["key"]] = record["answer"]
                    whole += len(line)
        with path.open("ab") as file:
            file.truncate(whole)

    def get(self, key: str) -> dict[str, Any] | None:
        """A known answer."""
        return self.answers.get(key)

    def put(self, key: str, answer: dict[str, Any]) -> None:
        """Keep an answer; it survives a kill from the moment this returns."""
        line = json.dumps({"key": key, "answer": answer}, ensure_ascii=False) + "\n"
        with self.lock:
            if key in self.answers:
                return
            self.answers[key] = answer
            if self.path is not None:
                with self.path.open("ab") as file:
                    file.write(line.encode())
