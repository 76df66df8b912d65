"""Opening: from the files that a user names to a ready source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from silversmith.core import Artefact, ConfigError, Schema
from silversmith.sources.dictionary.gazetteers import Gazetteer, read_gazetteer
from silversmith.sources.dictionary.source import KIND, Dictionary, DictionaryOptions

__all__ = ["is_dictionary", "open_dictionary", "read_lists"]


def is_dictionary(folder: str) -> bool:
    """Whether a folder holds a saved dictionary."""
    if not (Path(folder) / "manifest.json").is_file():
        return False
    return Artefact.open(folder, verify=False).kind == KIND


def read_lists(
    files: Sequence[str], schema: Schema | None = None, folder: Path | None = None
) -> list[Gazetteer]:
    """The lists named on a command line: FILE, or Type=FILE; and those of the schema's types.

    folder: that of the schema's file, which its paths are relative to.

    Raises DataError L002 to L005; ConfigError L010 if none is named at all.
    """
    found = []
    for word in files:
        kind, sign, path = word.partition("=")
        if Path(word).exists() or not sign:
            found.append(read_gazetteer(word))
        else:
            found.append(read_gazetteer(path, kind.strip()))
    for one in schema.types if schema else ():
        if one.dictionary:
            found.append(read_gazetteer((folder or Path()) / one.dictionary, one.name))
    if not found:
        raise ConfigError("L010", "no term list", remedy="name one: --dictionary Disease=terms.tsv")
    return found


def open_dictionary(
    files: Sequence[str], schema: Schema | None = None, folder: Path | None = None, **options: Any
) -> Dictionary:
    """The source from the lists named on a command line. options: see DictionaryOptions.

    Raises DataError L001 to L006, ConfigError L010.
    """
    lists = read_lists(files, schema, folder)
    entries = (entry for one in lists for entry in one.entries)
    return Dictionary.prepare(schema, entries, options=DictionaryOptions(**options))
