"""Where models that were added, and autoencoders that were converted, are kept on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["home_folder", "models_folder"]


def home_folder() -> Path:
    """$SILVERSMITH_HOME, else `silversmith` in $XDG_CACHE_HOME or the platform's folder for caches."""
    if given := os.environ.get("SILVERSMITH_HOME"):
        return Path(given).expanduser()
    return _caches() / "silversmith"


def models_folder() -> Path:
    """The folder of installed language models, one folder a model."""
    return home_folder() / "models"


def _caches() -> Path:
    """The folder for what can be made again."""
    if given := os.environ.get("XDG_CACHE_HOME"):
        return Path(given)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path.home() / ".cache"
