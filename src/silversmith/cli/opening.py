"""Opening: the source behind --mapping, by what the folder holds (a mapping of `fit`, a mining of `mine`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from silversmith.core.errors import ConfigError

if TYPE_CHECKING:
    from silversmith.core import Schema

__all__ = ["open_source", "wanted_types"]


def wanted_types(types: str | None, schema: Path | None, mapping: str) -> Schema:
    """The schema of --types or --schema. Raises ConfigError R003 if both, or a mapping too, are named."""
    from silversmith.core import Schema
    from silversmith.sources.concept.opening import schema_of

    if (types is not None and schema is not None) or mapping != "general":
        raise ConfigError("R003", "--types, --schema and --mapping exclude one another", remedy="name one")
    return schema_of(types) if types is not None else Schema.read(cast(Path, schema))


def open_source(mapping: str | Schema, model: str | None, candidates: str | None, **options: Any) -> Any:
    """A ready source. mapping: a folder or bundled name, or types to find by name. options: as of the
    sources' own opening functions.

    Raises ConfigError R001 no such mapping, R003 an option that this kind has not; ModelError as they do.
    """
    from silversmith.sources.concept.opening import is_names, open_concept, open_names
    from silversmith.sources.example.opening import is_mining, open_example

    if not isinstance(mapping, str):
        _refuse(options, ("sae", "context", "dtype"), "types by name")
        return open_names(mapping, model, candidates, **options)
    if is_names(mapping):
        _refuse(options, ("sae", "context", "dtype"), mapping)
        return open_concept(mapping, model, candidates, **options)
    if is_mining(mapping):
        options["candidates"] = candidates
        _refuse(options, ("sae", "context", "dtype", "nested", "candidates"), mapping)
        return open_example(mapping, model, **options)
    from silversmith.sources.features.opening import open_features

    return open_features(mapping, model, candidates, **options)


def _refuse(options: dict[str, Any], names: Sequence[str], what: str) -> None:
    """Take away the options that say nothing to this source. Raises ConfigError R003 if one is set."""
    for name in names:
        if options.pop(name, None):
            raise ConfigError("R003", f"--{name} says nothing to it", remedy="leave it out", where=what)
