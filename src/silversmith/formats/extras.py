"""Extras: optional packages, imported where they are needed, with one clear line if one is missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from silversmith.core.errors import ConfigError

__all__ = ["need"]


def need(module: str, extra: str) -> Any:
    """Import a module of an optional package. Raises ConfigError F021 that names the extra to install."""
    try:
        return import_module(module)
    except ImportError:
        package = module.split(".")[0]
        raise ConfigError(
            "F021",
            f"this needs {package}, which is not installed",
            remedy=f"pip install 'silversmith[{extra}]'",
        ) from None
