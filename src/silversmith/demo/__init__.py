"""The demo corpus: 40 short documents of our own (CC0), five domains, gold spans of six general types.

Persons and companies are invented unless well known; an event told of a well-known body may be invented.
`documents.jsonl` is made by tools/make_demo.py from text with inline marks.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

__all__ = ["demo_path"]


def demo_path(name: str = "documents.jsonl") -> Path:
    """The path of `documents.jsonl` (with gold spans) or `schema.toml` inside the installed package."""
    return Path(str(files(__name__) / name))
