"""Opening: from the names that commands take (mapping, model, candidates) to a source that is ready."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silversmith.core import Artefact, ConfigError
from silversmith.core.errors import nearest

if TYPE_CHECKING:
    from silversmith.sources.features.source import Features

__all__ = ["bundled_mappings", "find_mapping", "load_model", "load_parts", "open_features"]

MINI = "mini"


def open_features(
    mapping: str,
    model: str = MINI,
    candidates: str | None = None,
    *,
    threshold: float | None = None,
    nested: bool = False,
) -> Features:
    """The source `features` with a mapping, by the name of a bundled one or its folder.

    candidates: a preset; None takes the one that the mapping was made with. threshold: least probability
    of a span; None takes the mapping's. Raises ConfigError R001 no such mapping, R002 no such model, R003
    a threshold outside [0, 1], T001 no such preset; ModelError A001 to A004, M021.
    """
    if threshold is not None and not 0 <= threshold <= 1:
        raise ConfigError("R003", f"a threshold of {threshold:g}", remedy="give a probability from 0 to 1")
    folder = find_mapping(mapping)
    if candidates is None:
        candidates = str(Artefact.open(folder, "mapping", verify=False).manifest.get("preset", "general"))
    from silversmith.sources.features.source import Features

    language_model, proposer = load_parts(model, candidates)
    features = Features.open(folder, language_model, proposer)
    options = features.mapping.options.changed(nested=nested)
    if threshold is not None:
        options = options.changed(t_conf=threshold, confidence="probability")
    features.mapping = replace(features.mapping, options=options)
    return features


def find_mapping(name: str) -> Path:
    """The folder of a mapping. Raises ConfigError R001."""
    bundled = bundled_mappings()
    if name in bundled:
        return bundled[name]
    if Path(name).is_dir():
        return Path(name)
    raise ConfigError(
        "R001", f"there is no mapping {name!r}", remedy=f"{nearest(name, bundled)}, or a folder made by fit"
    )


def bundled_mappings() -> dict[str, Path]:
    """Name -> folder of the mappings in the package."""
    room = Path(str(files("silversmith") / "sources" / "features" / "mappings"))
    return {path.parent.name: path.parent for path in sorted(room.glob("*/manifest.json"))}


def load_parts(model: str, candidates: str) -> tuple[Any, Any]:
    """A language model, and a candidate generator that reads with its heads."""
    from silversmith.candidates.union import preset

    loaded = load_model(model)
    return loaded, preset(candidates, getattr(loaded, "heads", None))


def load_model(name: str) -> Any:
    """The embedded model, or one of its layout in a folder. Raises ConfigError R002."""
    if name != MINI and not (Path(name) / "manifest.json").is_file():
        raise ConfigError(
            "R002", f"there is no model {name!r}", remedy="valid: mini, or a folder of mini's layout"
        )
    from silversmith.models.mini import load_mini

    return load_mini() if name == MINI else load_mini(Path(name))
