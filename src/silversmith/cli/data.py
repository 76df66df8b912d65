"""`silversmith data`: the data sets of the papers: where they are, their licences, and our files of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from silversmith.core.errors import ConfigError, DataError, nearest
from silversmith.formats.datasets import (
    DataSet,
    convert_dataset,
    data_sets,
    find_data_set,
    verify_dataset,
)

__all__ = ["data"]

_ACTIONS = ("list", "show", "verify", "convert")


def data(
    action: Annotated[str, typer.Argument(help="list, show, verify or convert.")] = "list",
    name: Annotated[str | None, typer.Argument(help="A data set (default for verify: all).")] = None,
    folder: Annotated[
        Path | None, typer.Option("--data", help="Folder with DIR/NAME/SPLIT.jsonl.gz.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Split to convert, e.g. test.")] = None,
    original: Annotated[Path | None, typer.Option(help="Original file to convert.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines instead of text.")] = False,
) -> None:
    """Tell where each public data set is, its licence and checksums; verify and make our files of it.

    silversmith ships none of these texts: get the original from the place that `show` names. `verify`
    compares counts and checksums of converted files; `convert` makes one and refuses other counts.

    Examples:
        silversmith data
        silversmith data show redocred
        silversmith data convert redocred --split dev --original dev_revised.json --data corpora
        silversmith data verify --data corpora

    Raises:
        ConfigError: F022 no such data set, F023 no such split, F025 not made by one command, F026 an
            option is missing.
        DataError: F024 other counts than the data set has, F027 files that are wrong.
    """
    if action not in _ACTIONS:
        if action not in data_sets():
            raise ConfigError("F026", f"there is no action {action!r}", remedy=nearest(action, _ACTIONS))
        action, name = "show", action
    if action == "list":
        _list(as_json)
    elif action == "show":
        _show(find_data_set(_needed(name, "a data set: silversmith data show NAME")), as_json)
    elif action == "verify":
        _verify(name, Path(_needed(folder, "--data DIR")), as_json)
    else:
        where = Path(_needed(folder, "--data DIR"))
        source = Path(_needed(original, "--original FILE"))
        _convert(_needed(name, "a data set"), _needed(split, "--split NAME"), source, where)


def _needed(value: str | Path | None, what: str) -> str:
    """The value as a string. Raises ConfigError F026 if it is missing."""
    if value is None:
        raise ConfigError("F026", f"this needs {what}", remedy="silversmith data --help")
    return str(value)


def _list(as_json: bool) -> None:
    """One line a data set."""
    for one in data_sets().values():
        if as_json:
            sys.stdout.write(one.model_dump_json() + "\n")
            continue
        sizes = ", ".join(f"{split} {facts.documents:,}" for split, facts in one.splits.items())
        only = "  research use only" if one.research_only else ""
        sys.stdout.write(f"{one.name:<20}{len(one.types):>3} types  {sizes}{only}\n")


def _show(one: DataSet, as_json: bool) -> None:
    """Everything known of a data set."""
    if as_json:
        sys.stdout.write(one.model_dump_json() + "\n")
        return
    lines = [one.name, f"  {one.about}", f"  types    {', '.join(one.types)}"]
    lines += [f"  source   {place}" for place in one.source]
    lines += [f"  licence  {one.licence}" + ("; RESEARCH USE ONLY" if one.research_only else "")]
    lines += [f"  cite     {one.cite}", f"  make it  {one.how}"]
    for split, facts in one.splits.items():
        lines.append(
            f"  {split:<9}{facts.documents:,} documents, {facts.spans:,} spans, sha256 {facts.sha256}"
        )
        if facts.file:
            made = f"{one.name} --split {split} --original {facts.file} --data DIR"
            lines.append(f"           silversmith data convert {made}")
    sys.stdout.write("\n".join(lines) + "\n")


def _verify(name: str | None, folder: Path, as_json: bool) -> None:
    """Every file of one or all data sets. Raises DataError F027 if one is wrong or none is there."""
    states: list[str] = []
    for one in [name] if name else list(data_sets()):
        for split, state, detail in verify_dataset(one, folder):
            states.append(state)
            row = {"name": one, "split": split, "state": state, "detail": detail}
            text = json.dumps(row) if as_json else f"{state:<12}{one}/{split}: {detail}"
            sys.stdout.write(text + "\n")
    if "wrong" in states:
        what = f"{states.count('wrong')} of {len(states)} files are wrong"
        raise DataError("F027", what, path=folder, remedy="convert them again")
    if set(states) == {"missing"}:
        raise DataError("F027", "none of the files is here", path=folder, remedy="DIR/NAME/SPLIT.jsonl.gz")


def _convert(name: str, split: str, original: Path, folder: Path) -> None:
    """Make one file and report."""
    losses = convert_dataset(name, split, original, folder)
    sys.stdout.write(
        f"{folder / name / split}.jsonl.gz: {losses.documents} documents, {losses.spans} spans\n"
    )
    sys.stderr.write("".join(f"  {line}\n" for line in losses.lines()))
