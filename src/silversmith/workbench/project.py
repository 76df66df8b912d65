"""Project: the whole flow in one file, as stages with inputs and outputs.

```toml
[project]
schema = "schema.toml"        # types; what each source takes from it is its own affair
corpus = "notes/"             # text, any format
out = "build"

[[source]]
kind = "concept"              # types by name; features, question, dictionary, example likewise

[[source]]
kind = "features"
name = "latents"
from = "concept"              # a mapping fitted on another source's silver (without it: mapping = "general")

[fuse]                        # options of `silversmith fuse`
[student]                     # options of `silversmith train`; left out: no tagger
steps = 600
[report]
gold = "gold.jsonl"           # optional
```

Paths are relative to the file. A stage is a command as a person would type it; it is skipped when its inputs,
its options and the version are those of the time it was done, and its outputs are still the ones it wrote.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from silversmith.core import ConfigError
from silversmith.core.errors import nearest

__all__ = ["Project", "ProjectTable", "SourceTable", "Tables", "read_project"]

KINDS = ("concept", "features", "question", "dictionary", "example")


class SourceTable(BaseModel):
    """A [[source]]. model, candidates, threshold: as of its commands. options: of its own command (ask,
    mine)."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    kind: str
    name: str = ""
    source: str | None = Field(default=None, alias="from")
    mapping: str | None = None
    model: str | None = None
    candidates: str | None = None
    threshold: float | None = None
    options: dict[str, Any] = Field(default_factory=dict)


class ProjectTable(BaseModel):
    """[project]."""

    model_config = ConfigDict(extra="forbid")

    corpus: str
    schema_: str = Field(alias="schema")
    out: str = "build"


class Tables(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid")

    project: ProjectTable
    source: list[SourceTable] = Field(min_length=1)
    fuse: dict[str, Any] = Field(default_factory=dict)
    student: dict[str, Any] | None = None
    report: dict[str, Any] | None = None


@dataclass(frozen=True)
class Project:
    """A checked file. path: of it; sources: in an order in which each follows what it is made from."""

    path: Path
    tables: Tables
    sources: tuple[SourceTable, ...]

    def place(self, name: str) -> Path:
        """A path of the file."""
        return self.path.parent / name

    @property
    def out(self) -> Path:
        """Where everything is written."""
        return self.place(self.tables.project.out)


def read_project(path: Path | str) -> Project:
    """Read and check a project file.

    Raises ConfigError: P001 no TOML, P002 an unknown key or a bad value, P003 a file that isn't there, P004 a
    source made from none that is named, or from itself.
    """
    path = Path(path)
    try:
        tables = Tables.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigError("P001", "there is no such project file", path=path) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError("P001", f"not a TOML file: {error}", path=path) from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise ConfigError("P002", f"{key}: {first['msg']}", path=path, remedy=_near(key)) from None
    sources = []
    for one in tables.source:
        if one.kind not in KINDS:
            raise ConfigError("P002", f"no source {one.kind!r}", path=path, remedy=nearest(one.kind, KINDS))
        sources.append(one.model_copy(update={"name": one.name or one.kind}))
    names = [one.name for one in sources]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(
                "P002", f"two sources are called {name!r}", path=path, remedy='give one another: name = "..."'
            )
    project = Project(path, tables, tuple(_ordered(sources, path)))
    for needed in (tables.project.corpus, tables.project.schema_, (tables.report or {}).get("gold")):
        if needed and not project.place(needed).exists():
            raise ConfigError("P003", f"there is no {needed}", path=path, remedy="paths are relative to it")
    return project


def _ordered(sources: Sequence[SourceTable], path: Path) -> Iterator[SourceTable]:
    """Each after the one it is made from. Raises ConfigError P004."""
    known = {one.name: one for one in sources}
    for one in sources:
        if one.source is None:
            continue
        if one.kind != "features":
            raise ConfigError("P004", f"{one.name}: only features can be made from another", path=path)
        if one.source not in known:
            raise ConfigError(
                "P004",
                f"{one.name}: there is no source {one.source!r}",
                path=path,
                remedy=nearest(one.source, known),
            )
    done: list[str] = []
    while len(done) < len(sources):
        ready = [
            one for one in sources if one.name not in done and (one.source is None or one.source in done)
        ]
        if not ready:
            circle = [one.name for one in sources if one.name not in done]
            raise ConfigError("P004", f"made from one another in a circle: {', '.join(circle)}", path=path)
        for one in ready:
            done.append(one.name)
            yield one


def _near(key_: str) -> str | None:
    last = key_.rpartition(".")[2]
    known = {*ProjectTable.model_fields, *SourceTable.model_fields, *Tables.model_fields, "schema", "from"}
    return nearest(last, known) if last not in known else None
