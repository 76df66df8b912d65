"""`silversmith inspect`: what an artefact is, what made it and from what."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from silversmith.core.artefact import Artefact

__all__ = ["inspect", "rows"]

FIRST = ("kind", "format", "made_by", "command")


def inspect(
    path: Annotated[Path, typer.Argument(help="Folder of an artefact (it holds a manifest.json).")],
    verify: Annotated[bool, typer.Option(help="Compare every file with its checksum first.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest as JSON.")] = False,
) -> None:
    """Print what an artefact is: its kind, what made it, its inputs, model, licences and files.

    Examples:
        silversmith inspect my-mapping
        silversmith inspect my-mapping --json | jq .inputs

    Raises:
        ModelError: A001 no artefact there, A003 made by a newer version, A004 altered or cut off.
    """
    artefact = Artefact.open(path, verify=verify)
    if as_json:
        sys.stdout.write(json.dumps(artefact.manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=str(path), title_justify="left", show_header=False)
    table.add_column()
    table.add_column(overflow="fold")  # a checksum is of use only as a whole
    for key, value in rows(artefact):
        table.add_row(Text(key, style="bold"), Text(value))
    Console().print(table)


def rows(artefact: Artefact) -> Iterator[tuple[str, str]]:
    """Key and value of each line of the table: what it is first, its files (with sizes) last."""
    manifest = artefact.manifest
    between = sorted(set(manifest) - {*FIRST, "files"})
    for key in [*(key for key in FIRST if key in manifest), *between]:
        yield from _flat(key, manifest[key])
    for name, sha256 in manifest["files"].items():
        yield f"file {name}", f"{artefact.path(name).stat().st_size:,} bytes, sha256 {sha256}"


def _flat(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """A nested value as dotted keys."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flat(f"{key}.{name}", inner)
    elif isinstance(value, list | tuple) and not any(isinstance(one, Mapping | list) for one in value):
        yield key, ", ".join(map(str, value))
    else:
        yield key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
