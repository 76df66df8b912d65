"""ArrayCache: arrays on disk under the hash of everything that decides them; one file an entry."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

__all__ = ["ArrayCache", "default_cache", "entry_key", "read_arrays", "write_arrays"]

CHECK_EVERY = 500
"""Entries written between two looks at the cache's size."""


def default_cache() -> Path:
    """~/.cache/silversmith, or $XDG_CACHE_HOME/silversmith."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "silversmith"


def entry_key(kind: str, decides: Mapping[str, Any], text: str) -> str:
    """The name of an entry: a hash of its kind, of JSON values that decide its bytes, and of the text."""
    head = json.dumps([kind, decides], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(f"{head}\0{text}".encode(errors="surrogatepass")).hexdigest()


def read_arrays(path: Path, key: str | None = None) -> dict[str, NDArray[Any]] | None:
    """The arrays of a file of `write_arrays`; None if it isn't there, is damaged (then it is deleted), or has
    another key.
    """
    try:
        content = path.read_bytes()
        if key is not None and _key(content) != key:
            return None
        return load(content)
    except FileNotFoundError:
        return None
    except (SafetensorError, ValueError):
        path.unlink(missing_ok=True)
        return None


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], key: str | None = None) -> None:
    """Write arrays to a safetensors file, aside and renamed: it is never there in part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = None if key is None else {"key": key}
    content = save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, meta)
    handle, aside = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(aside).replace(path)
    finally:
        Path(aside).unlink(missing_ok=True)


def _key(content: bytes) -> str | None:
    """The key in a file's header (its length stands in the first eight bytes)."""
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    found: str | None = header.get("__metadata__", {}).get("key")
    return found


class ArrayCache:
    """Entries of named arrays. Safe for several processes: files are written aside and renamed.

    A kill leaves whole entries only, so a second run goes on where the first one stopped. When the
    files grow above `cap_gb`, those read longest ago go first.
    """

    def __init__(self, folder: Path | str | None = None, cap_gb: float = 20.0) -> None:
        self.folder = default_cache() if folder is None else Path(folder)
        self.cap_gb, self._written = cap_gb, 0

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.safetensors"

    def get(self, key: str) -> dict[str, NDArray[Any]] | None:
        """The arrays of an entry, or None. A damaged entry counts as none."""
        path = self._path(key)
        arrays = read_arrays(path)
        if arrays is not None:
            os.utime(path)
        return arrays

    def put(self, key: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write an entry."""
        write_arrays(self._path(key), arrays)
        self._written += 1
        if self._written % CHECK_EVERY == 0:
            self.trim()

    def trim(self) -> None:
        """Delete what was read longest ago until the files fit under the cap."""
        entries = []
        for path in self.folder.glob("??/*.safetensors"):
            try:
                status = path.stat()
            except FileNotFoundError:  # another process was faster
                continue
            entries.append((status.st_mtime, status.st_size, path))
        excess = sum(size for _, size, _ in entries) - self.cap_gb * 1e9
        for _, size, path in sorted(entries):
            if excess <= 0:
                return
            path.unlink(missing_ok=True)
            excess -= size
