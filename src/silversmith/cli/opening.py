"""Opening: the source behind --mapping, by what the folder holds (of `fit`, `mine`, `ask`, a dictionary)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from silversmith.core.errors import ConfigError

if TYPE_CHECKING:
    from silversmith.core import Schema
    from silversmith.integrations.functions import Functions
    from silversmith.sources.dictionary import Dictionary

__all__ = ["Wanted", "describe", "open_source", "open_wanted", "wanted"]

Wanted: TypeAlias = "str | Schema | Dictionary | Functions"
"""A mapping's folder or bundled name, types to find by name, a dictionary, or patterns."""


def wanted(
    mapping: str,
    types: str | None,
    schema: Path | None,
    lists: Sequence[str] | None,
    patterns: Path | None = None,
) -> Wanted:
    """What the options name: a mapping, or types by name, or a dictionary.

    Raises ConfigError R003 if they name two of them; O004, C001 to C004, I020, L002 to L006 as their readers.
    """
    from silversmith.core import Schema

    if patterns is not None:
        if mapping != "general" or types is not None or schema is not None or lists:
            raise ConfigError("R003", "--patterns and another source", remedy="name one")
        from silversmith.integrations.patterns import read_patterns

        return read_patterns(patterns)
    if types is None and schema is None and not lists:
        return mapping
    if mapping != "general" or (types is not None and (schema is not None or lists)):
        raise ConfigError(
            "R003", "--mapping, --types, --schema and --dictionary name several sources", remedy="name one"
        )
    known = Schema.read(schema) if schema is not None else None
    if lists or (known is not None and _listed(known)):
        from silversmith.sources.dictionary.opening import open_dictionary

        return open_dictionary(lists or (), known, schema.parent if schema is not None else None)
    from silversmith.sources.concept.opening import schema_of

    return schema_of(str(types)) if known is None else known


def _listed(schema: Schema) -> bool:
    """Whether a schema brings term lists, and no names to type by."""
    lists = any(one.dictionary for one in schema.types)
    return lists and not any(one.concepts for one in schema.types)


def describe(chosen: Wanted) -> str:
    """A line for a page."""
    if isinstance(chosen, str):
        return f"mapping {chosen}"
    if (names := getattr(chosen, "names", None)) is not None:
        return f"types by name: {', '.join(names)}"
    if (entries := getattr(chosen, "entries", None)) is not None:
        return f"a dictionary of {len(entries.shown):,} terms"
    return f"{len(getattr(chosen, 'functions', ())):,} patterns"


def open_source(mapping: Wanted, model: str | None, candidates: str | None, **options: Any) -> Any:
    """A ready source. mapping: see `wanted`. options: as of the sources' own opening functions.

    Raises ConfigError R001 no such mapping, R003 an option that this kind has not; ModelError as they do.
    """
    from silversmith.core import Schema

    if isinstance(mapping, Schema):
        from silversmith.sources.concept.opening import open_names

        _refuse(options, ("sae", "context", "dtype"), "types by name")
        return open_names(mapping, model, candidates, **options)
    if not isinstance(mapping, str) or _kind(mapping) == "dictionary":
        _refuse(
            {**options, "model": model, "candidates": candidates},
            (*options, "model", "candidates"),
            "a dictionary",
        )
        return _dictionary(mapping)
    if _kind(mapping) == "names":
        from silversmith.sources.concept.opening import open_concept

        _refuse(options, ("sae", "context", "dtype"), mapping)
        return open_concept(mapping, model, candidates, **options)
    if _kind(mapping) == "pseudo-dictionary":
        from silversmith.sources.question import Question

        options |= {"model": model, "candidates": candidates}
        _refuse(options, tuple(options), mapping)
        return Question.open(mapping)
    if _kind(mapping) == "mining":
        from silversmith.sources.example.opening import open_example

        options["candidates"] = candidates
        _refuse(options, ("sae", "context", "dtype", "nested", "candidates"), mapping)
        return open_example(mapping, model, **options)
    from silversmith.sources.features.opening import open_features

    return open_features(mapping, model, candidates, **options)


def open_wanted(naming: dict[str, Any], model: str | None, candidates: str | None, **options: Any) -> Any:
    """`wanted` and `open_source` in one, by values that go to another process."""
    return open_source(wanted(**naming), model, candidates, **options)


def _kind(folder: str) -> str | None:
    """The kind of artefact in a folder; None: no artefact."""
    from silversmith.core import Artefact

    if not (Path(folder) / "manifest.json").is_file():
        return None
    return Artefact.open(folder, verify=False).kind


def _dictionary(chosen: Any) -> Any:
    """A dictionary that is open already, or one from its folder."""
    from silversmith.sources.dictionary import Dictionary

    return Dictionary.open(chosen) if isinstance(chosen, str) else chosen


def _refuse(options: dict[str, Any], names: Sequence[str], what: str) -> None:
    """Take away the options that say nothing to this source. Raises ConfigError R003 if one is set."""
    for name in names:
        if options.pop(name, None):
            raise ConfigError("R003", f"--{name} says nothing to it", remedy="leave it out", where=what)
