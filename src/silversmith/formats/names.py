"""Names of files made from document ids, so that any id is safe as a name and comes back unchanged."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from silversmith.core.document import Document
from silversmith.core.errors import DataError

__all__ = ["name_of", "new_file", "visible"]


_UNSAFE = re.compile(r"^\.|[\x00-\x1f\x7f%\\:*?\"<>|]|\s$")
_EMPTY = "%"
"""How an empty part of an id ('a//b') is written: elsewhere two digits follow a per cent sign."""


def visible(folder: Path, *suffixes: str) -> list[Path]:
    """Files of a folder and its sub-folders with one of the suffixes, sorted; hidden ones left out."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in suffixes)
    return sorted(
        path
        for path in found
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def name_of(file: Path, root: Path, dropped: str) -> str:
    """The id of a file: its path below root, without the suffix `dropped`, %XX read back."""
    name = file.relative_to(root).as_posix()
    if file.suffix.lower() == dropped:
        name = name[: -len(dropped)]
    return "/".join("" if part == _EMPTY else unquote(part, errors="replace") for part in name.split("/"))


def new_file(folder: Path, document: Document, suffix: str) -> Path:
    """A path for a new file below `folder`, named by the document's id ('/' makes sub-folders).

    Raises DataError F012 if the id is empty or too long, or the text holds a NUL character.
    """
    if "\0" in document.text:
        raise DataError(
            "F012",
            "a text with a NUL character can't be a text file",
            where=f"document {document.id!r}",
            remedy="write jsonl",
        )
    parts = [_safe(part) for part in document.id.split("/")]
    if not document.id or any(len((part + suffix).encode()) > 250 for part in parts):
        raise DataError(
            "F012", "this id can't be a file name (empty or too long)", where=f"document {document.id[:60]!r}"
        )
    file = folder.joinpath(*parts[:-1], parts[-1] + suffix)
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def _safe(part: str) -> str:
    """One part of a path with the signs that some system refuses as %XX; never empty, hidden or '..'."""
    if not part:
        return _EMPTY
    name = _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", part)
    return name if "." not in name[-1] else name[:-1] + "%2E"
