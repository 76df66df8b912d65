"""GGUF files are read by the libraries transformers and gguf, which are no dependency."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from silversmith.core.errors import ModelError

__all__ = ["require_gguf"]


def require_gguf(place: str | Path) -> None:
    """Refuse early what would fail after a long download. Raises ModelError S033 without the gguf library."""
    if importlib.util.find_spec("gguf") is None or importlib.util.find_spec("transformers") is None:
        raise ModelError(
            "S033",
            "a GGUF file needs the libraries gguf and transformers",
            path=place,
            remedy="pip install 'silversmith[models]'",
        )
