"""Schema: the entity types a user wants, read from the one TOML file that a user writes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from silversmith.core.document import OUTSIDE
from silversmith.core.errors import ConfigError, nearest

__all__ = ["EntityType", "Schema"]


class EntityType(BaseModel):
    """One type. Every source takes the keys it needs and says clearly which it misses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str = ""
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    dictionary: str | None = None

    @field_validator("name")
    @classmethod
    def _named(cls, name: str) -> str:
        if not name.strip() or name == OUTSIDE:
            raise ValueError(f"{name!r} can't name a type")
        return name


class Schema(BaseModel):
    """The types of a project, in the order of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    types: tuple[EntityType, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The types' names, in order."""
        return tuple(one.name for one in self.types)

    @classmethod
    def of(cls, names: Iterable[str]) -> Schema:
        """A schema of bare names."""
        return cls(types=tuple(EntityType(name=name) for name in names))

    @classmethod
    def read(cls, path: Path | str) -> Schema:
        """The schema of a TOML file with one `[[type]]` table a type.

        Raises ConfigError: C001 no TOML, C002 unknown key (nearest named), C003 bad value, C004 a name twice.
        """
        path = Path(path)
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise ConfigError("C001", "there is no such schema file", path=path) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError("C001", f"not a TOML file: {error}", path=path) from None
        for key in content:
            if key != "type":
                raise ConfigError(
                    "C002",
                    f"unknown key {key!r}",
                    path=path,
                    line=_line(path, key),
                    remedy=nearest(key, ["type"]),
                )
        tables = content.get("type", [])
        if not isinstance(tables, list) or not tables or not all(isinstance(one, dict) for one in tables):
            raise ConfigError(
                "C003",
                "no [[type]] table",
                path=path,
                remedy="write one [[type]] a type, see docs/reference/schema.md",
            )
        types = tuple(_type(table, number, path) for number, table in enumerate(tables, start=1))
        seen: set[str] = set()
        for one in types:
            if one.name in seen:
                raise ConfigError("C004", f"two types are named {one.name!r}", path=path)
            seen.add(one.name)
        return cls(types=types)


def _type(table: dict[str, Any], number: int, path: Path) -> EntityType:
    """One checked [[type]] table."""
    for key in table:
        if key not in EntityType.model_fields:
            raise ConfigError(
                "C002",
                f"unknown key {key!r} in [[type]] number {number}",
                path=path,
                line=_line(path, key),
                remedy=nearest(key, EntityType.model_fields),
            )
    try:
        return EntityType(**table)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "name"
        raise ConfigError(
            "C003", f"[[type]] number {number}, key {key!r}: {first['msg']}", path=path
        ) from None


def _line(path: Path, key: str) -> int | None:
    """The first line of the file that assigns the key (TOML's parser keeps no positions)."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        bare = line.strip().lstrip("[").strip()
        if bare.startswith(key) and bare[len(key) :].lstrip()[:1] in {"=", "]", "."}:
            return number
    return None
