"""Opening: from the names that commands take (a mining's folder, a model) to a ready source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from silversmith.core import Artefact
from silversmith.sources.example.mining import KIND, Mining

if TYPE_CHECKING:
    from silversmith.models.masked import MaskedModel
    from silversmith.sources.example.source import Example

__all__ = ["is_mining", "load_masked", "open_example"]

MINI = "mini"


def is_mining(folder: str) -> bool:
    """Whether a folder holds a mining."""
    from pathlib import Path

    if not (Path(folder) / "manifest.json").is_file():
        return False
    return Artefact.open(folder, verify=False).kind == KIND


def open_example(folder: str, model: str | None = None, *, threshold: float | None = None) -> Example:
    """The source `example` with a mining. model: None takes the one it was made with.

    threshold: least probability of a span instead of the thresholds of the mining. Raises ModelError A001 to
    A004, X021, and those of load_masked; ConfigError R003 a threshold outside of 0 and 1.
    """
    from dataclasses import replace

    from silversmith.core import ConfigError
    from silversmith.sources.example.source import Example

    made: Mapping[str, Any] = Artefact.open(folder, KIND, verify=False).manifest
    source = Example.open(folder, load_masked(model or made.get("reading", {}).get("model", MINI)))
    if threshold is not None:
        if not 0 < threshold < 1:
            raise ConfigError(
                "R003", f"a threshold of {threshold:g}", remedy="give a probability between 0 and 1"
            )
        mining: Mining = source.mining
        moved = {name: one.at_probability(threshold) for name, one in mining.calibrations.items()}
        source.mining = replace(mining, calibrations=moved)
    return source


def load_masked(name: str) -> MaskedModel:
    """A masked (or causal) language model by name or folder. Raises ModelError S030 to S064."""
    from silversmith.models.masked_open import open_masked

    return open_masked(name)
