"""Stages: the steps of a project, each a command as a person would type it, with its inputs and outputs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from silversmith.core import ConfigError
from silversmith.workbench.project import Project, SourceTable

__all__ = ["Stage", "plan"]

JSONL = ".jsonl"


@dataclass(frozen=True)
class Stage:
    """A step. command: arguments of `silversmith`. inputs, outputs: files and folders. rate: seconds that it
    takes for a million words on two cores, about. capture: whether its output on stdout is the (only)
    output."""

    name: str
    command: tuple[str, ...]
    inputs: tuple[Path, ...]
    outputs: tuple[Path, ...]
    rate: float = 0.0
    capture: bool = False


def plan(project: Project) -> list[Stage]:
    """The stages, in order."""
    tables, out = project.tables, project.out
    corpus, schema = project.place(tables.project.corpus), project.place(tables.project.schema_)
    stages: list[Stage] = []
    command: tuple[str, ...]
    for one in project.sources:
        stages += _source_stages(project, one, corpus, schema)
    votes = [out / "votes" / f"{one.name}{JSONL}" for one in project.sources]
    silver = out / f"fused{JSONL}"
    flags = _flags(tables.fuse)
    stages.append(
        Stage("fuse", ("fuse", *map(str, votes), "--out", str(silver), *flags), tuple(votes), (silver,), 5)
    )
    decided = silver.with_name(silver.name + ".review.sqlite")
    if decided.exists():
        reviewed = out / f"reviewed{JSONL}"
        command = ("review", str(silver), "--db", str(decided), "--export", str(reviewed))
        stages.append(Stage("review", command, (silver, decided), (reviewed,), 1))
        silver = reviewed
    final = silver
    if tables.student is not None:
        tagger, tagged = out / "tagger", out / f"tagged{JSONL}"
        command = ("train", str(silver), "--out", str(tagger), *_flags(tables.student))
        stages.append(Stage("student", command, (silver,), (tagger,), 1200))
        command = ("tag", str(corpus), "--tagger", str(tagger), "--out", str(tagged))
        stages.append(Stage("tag", command, (corpus, tagger), (tagged,), 300))
        final = tagged
    if tables.report is not None and tables.report.get("gold"):
        gold, scores = project.place(tables.report["gold"]), out / "scores.json"
        command = ("evaluate", str(gold), str(final), "--missing", "skip", "--json")
        stages.append(Stage("report", command, (gold, final), (scores,), 5, capture=True))
    return stages


def _source_stages(project: Project, one: SourceTable, corpus: Path, schema: Path) -> Iterator[Stage]:
    """What makes a source's votes."""
    out = project.out
    votes, made = out / "votes" / f"{one.name}{JSONL}", out / "sources" / one.name
    more = [f"--{key}={value}" for key in ("model", "candidates") if (value := getattr(one, key)) is not None]
    least = [] if one.threshold is None else [f"--threshold={one.threshold}"]
    label, name = ("label", str(corpus), "--out", str(votes)), f"label {one.name}"
    options = _pairs(one.options)
    if one.kind == "concept":
        command = (*label, "--schema", str(schema), *more, *least)
        yield Stage(name, command, (corpus, schema), (votes,), 1000)
    elif one.kind == "dictionary":
        terms = _lists(schema)
        command = (*label, *(f"--dictionary={kind}={path}" for kind, path in terms))
        yield Stage(name, command, (corpus, schema, *(path for _, path in terms)), (votes,), 2)
    elif one.kind == "features":
        yield from _features(project, one, label, (corpus, votes), [*more, *least])
    elif one.kind == "question":
        index = out / "index"
        yield Stage("index", ("index", str(corpus), "--out", str(index), *more), (corpus,), (index,), 1200)
        command = ("ask", str(index), "--schema", str(schema), "--out", str(made), *options)
        yield Stage(f"ask {one.name}", command, (index, schema), (made,), 30)
        yield Stage(name, (*label, "--mapping", str(made)), (corpus, made), (votes,), 3)
    else:
        command = ("mine", str(corpus), "--schema", str(schema), "--out", str(made), *more, *options)
        yield Stage(f"mine {one.name}", command, (corpus, schema), (made,), 30000)
        yield Stage(name, (*label, "--mapping", str(made)), (corpus, made), (votes,), 30000)


def _features(
    project: Project, one: SourceTable, label: tuple[str, ...], ends: tuple[Path, Path], more: list[str]
) -> Iterator[Stage]:
    """By a mapping that is there, or by one fitted on another source's silver: a mapping without gold."""
    corpus, votes = ends
    if one.source is None:
        mapping = one.mapping or "general"
        known = (Path(mapping),) if Path(mapping).exists() else ()
        command = (*label, "--mapping", mapping, *more)
        yield Stage(f"label {one.name}", command, (corpus, *known), (votes,), 600)
        return
    given = project.out / "votes" / f"{one.source}{JSONL}"
    made = project.out / "sources" / one.name
    yield Stage(f"fit {one.name}", ("fit", str(given), "--out", str(made)), (given,), (made,), 900)
    command = (*label, "--mapping", str(made), *more)
    yield Stage(f"label {one.name}", command, (corpus, made), (votes,), 600)


def _lists(schema: Path) -> list[tuple[str, Path]]:
    """(type, term list) of a schema."""
    from silversmith.core import Schema

    found = [
        (one.name, schema.parent / one.dictionary) for one in Schema.read(schema).types if one.dictionary
    ]
    for kind, path in found:
        if not path.is_file():
            raise ConfigError("P003", f"there is no term list {path}", where=kind)
    if not found:
        raise ConfigError("P003", "no type of the schema names a dictionary", path=schema)
    return found


def _flags(options: dict[str, Any]) -> list[str]:
    """--name=value of a table; true: the bare flag, false: left out."""
    found = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            found.append(flag)
        elif value is not False:
            found.append(f"{flag}={value}")
    return found


def _pairs(options: dict[str, Any]) -> list[str]:
    return [word for name, value in options.items() for word in ("--option", f"{name}={json.dumps(value)}")]
