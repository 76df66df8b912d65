"""`silversmith convert`: annotations from one format to another, with a report of what is lost."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from silversmith.core.errors import ConfigError, nearest
from silversmith.core.progress import track
from silversmith.core.schema import Schema
from silversmith.formats import Losses, Reading, find_form, forms, read, write
from silversmith.formats.detect import detect
from silversmith.formats.form import PARTS, Form

__all__ = ["convert", "parse_options", "share_options"]


def convert(
    source: Annotated[
        Path | None, typer.Argument(help="File or folder to read; '-' is stdin (JSON lines).")
    ] = None,
    target: Annotated[Path | None, typer.Argument(help="File or folder to write; '-' is stdout.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="Format to read (default: detected).")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Format to write (default: by suffix).")] = None,
    schema: Annotated[Path | None, typer.Option(help="Refuse labels that this schema does not have.")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option", "-o", help="KEY=VALUE for the format, e.g. token_column=1; may be repeated."
        ),
    ] = None,
    formats: Annotated[bool, typer.Option("--formats", help="List the formats and their options.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The report as one JSON object on stdout.")] = False,
) -> None:
    """Convert annotations between formats; say what was lost, repaired and noticed on the way.

    The report goes to stderr. If anything is wrong, one line says what and where, and nothing is written.

    Examples:
        silversmith convert corpus/ corpus.jsonl
        silversmith convert train.conll train.spacy
        silversmith convert silver.jsonl tasks.json --to labelstudio
        silversmith convert old.conll - -o token_column=1 -o tag_column=2 | head -n 1

    Raises:
        ConfigError: F010 to F016 a format or an option of it that there isn't, F026 no source or target.
        DataError: F001 to F020, D001 to D004: the file, its line and what is wrong there.
    """
    if formats:
        _list_formats(as_json)
        return
    if source is None or target is None:
        raise ConfigError("F026", "give what to read and what to write", remedy="silversmith convert --help")
    if as_json and str(target) == "-":
        raise ConfigError("F026", "--json and '-' both want stdout", remedy="name a file to write")
    reader = find_form(from_ or detect(source, forms().values()))
    writer = find_form(to or detect(target, forms().values(), writing=True))
    options = parse_options(option or ())
    reading_options, writing_options = share_options(options, reader, writer)
    types = None if schema is None else Schema.read(schema)
    reading = read(source, reader.name, schema=types, **reading_options)
    written = write(track(reading, f"converting {source}"), target, writer.name, **writing_options)
    _report(reading, written, f"{target} ({writer.name})", as_json)


def parse_options(pairs: Sequence[str]) -> dict[str, Any]:
    """KEY=VALUE pairs as a dictionary; whole numbers become int. Raises ConfigError F010."""
    options: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise ConfigError("F010", f"--option {pair!r}", remedy="write KEY=VALUE, e.g. token_column=1")
        whole = value.removeprefix("-").isdecimal()
        options[key.replace("-", "_")] = int(value) if whole else value
    return options


def share_options(
    options: Mapping[str, Any], reader: Form, writer: Form
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options of the reader and options of the writer. Raises ConfigError F010 for one that neither has."""
    of_reader, of_writer = reader.options(writing=False), writer.options(writing=True)
    for key in options:
        if key not in of_reader and key not in of_writer:
            valid = {*of_reader, *of_writer}
            raise ConfigError(
                "F010",
                f"neither reading {reader.name} nor writing {writer.name} has an option {key!r}",
                remedy=nearest(key, valid) if valid else "they have none",
            )
    return (
        {key: value for key, value in options.items() if key in of_reader},
        {key: value for key, value in options.items() if key in of_writer and key not in of_reader},
    )


def _report(reading: Reading, written: Losses, target: str, as_json: bool) -> None:
    """What went through and what did not: for people on stderr, or as JSON on stdout."""
    if as_json:
        report = {"read": reading.losses.as_dict(), "written": written.as_dict()}
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
        return
    lines = [f"{reading.path} ({reading.format}) -> {target}"]
    lines += [f"  {written.documents} documents, {written.spans} spans"]
    lines += [f"  reading {line}" for line in reading.losses.lines()]
    lines += [f"  writing {line}" for line in written.lines()]
    if not reading.losses.lost and not written.lost:
        lines.append("  nothing was lost")
    sys.stderr.write("\n".join(lines) + "\n")


def _list_formats(as_json: bool) -> None:
    """Every format, what it keeps and its options."""
    rows = [
        {
            "format": form.name,
            "about": form.about,
            "suffixes": list(form.suffixes),
            "keeps": [part for part in PARTS if part in form.keeps],
            "partly": dict(form.partly),
            "reading": form.options(writing=False),
            "writing": form.options(writing=True),
        }
        for form in forms().values()
    ]
    if as_json:
        sys.stdout.write("".join(json.dumps(row) + "\n" for row in rows))
        return
    for form in forms().values():
        options = [*form.options(writing=False), *form.options(writing=True)]
        shown = "; options: " + ", ".join(options) if options else ""
        sys.stdout.write(f"{form.name:<12}{form.about}{shown}\n")
