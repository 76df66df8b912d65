"""Detection: the format of a path from its suffix and, where suffixes are shared, its first bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from silversmith.core.errors import ConfigError, DataError, nearest
from silversmith.formats.files import BOM, STREAM, open_bytes
from silversmith.formats.form import Form

__all__ = ["detect"]

_HEAD = 1 << 16
"""Bytes looked at."""

_REMEDY = "name it, e.g. --from conll; silversmith convert --help lists all"


def detect(path: Path, forms: Iterable[Form], *, writing: bool = False) -> str:
    """The name of the format of a file or folder.

    Raises ConfigError F016 if it can't be told, DataError F001 if there is nothing to read.
    """
    if str(path) == STREAM:
        return "jsonl"
    if not writing and not path.exists():
        raise DataError("F001", "there is no such file or folder", path=path)
    if not writing and path.is_dir():
        return _of_folder(path)
    suffix = "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix
    suffix = suffix.removesuffix(".gz").lower()
    names = {one: form.name for form in forms for one in form.suffixes}
    if suffix in {".json", ".jsonl", ".ndjson"} and not writing:
        return _of_json(path)
    if suffix in names:
        return names[suffix]
    if not suffix and writing:
        raise ConfigError(
            "F016",
            "this name has no suffix, so the format is not known",
            path=path,
            remedy="name it: --to text, --to brat",
        )
    raise ConfigError(
        "F016",
        f"no format has the suffix {suffix!r}",
        path=path,
        remedy=f"{nearest(suffix, names)}; or {_REMEDY}",
    )


def _of_folder(path: Path) -> str:
    """brat if there is standoff, parquet if there are its files, else text."""
    for pattern, name in (("*.ann", "brat"), ("*.parquet", "parquet"), ("*.txt", "text"), ("*.md", "text")):
        if next(path.rglob(pattern), None):
            return name
    raise DataError("F014", "no .txt, .md, .ann or .parquet file in this folder", path=path)


def _of_json(path: Path) -> str:
    """Tell the JSON formats apart by the keys of the first record."""
    with open_bytes(path) as file:
        head = file.read(_HEAD).decode("utf-8", errors="replace").removeprefix(BOM).lstrip()
    array = head.startswith("[")
    keys = _keys(head[1:].lstrip() if array else head)
    if "vertexSet" in keys:
        return "docred"
    if array:
        return "argilla" if {"fields", "suggestions"} <= keys else "labelstudio"
    if "data" in keys and keys & {"annotations", "predictions", "completions"}:
        return "labelstudio"
    if "_input_hash" in keys or "answer" in keys or ("tokens" in keys and _PRODIGY.search(head)):
        return "prodigy"
    if "spans" not in keys and (keys & {"label", "labels", "entities"}):
        return "doccano"
    return "jsonl"


_PRODIGY = re.compile(r'"token_end"\s*:|"tokens"\s*:\s*\[\s*\{')
_KEY = re.compile(r'"([^"\\]+)"\s*:')


def _keys(text: str) -> set[str]:
    """Keys of the first object; if it is longer than what was read, every key seen in it."""
    try:
        value, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return set(_KEY.findall(text))
    return set(value) if isinstance(value, dict) else set()
