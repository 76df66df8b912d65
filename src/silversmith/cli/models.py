"""`silversmith models`: the embedded model `mini` and its parts."""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import typer

from silversmith.core.artefact import Artefact

__all__ = ["describe", "models"]


def models(
    folder: Annotated[
        Path | None,
        typer.Option(help="A model of the same layout elsewhere (default: the one in the package)."),
    ] = None,
    verify: Annotated[bool, typer.Option(help="Compare every part with its checksum.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a part.")] = False,
) -> None:
    """List the embedded model's parts with size, licence and checksum; --verify reads them all.

    Examples:
        silversmith models
        silversmith models --verify

    Raises:
        ModelError: A001 no model there, A004 a part is altered or cut off (the checksum is named).
    """
    # the folder is named here and not imported: silversmith.models.mini would import torch
    place = folder or Path(str(files("silversmith") / "models" / "mini_weights"))
    artefact = Artefact.open(place, "mini", verify=verify)
    parts = describe(artefact)
    if as_json:
        sys.stdout.write("".join(json.dumps(part, ensure_ascii=False) + "\n" for part in parts))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(
        "part", "MB", "licence", "sha256", "what it is", title=f"mini in {place}", title_justify="left"
    )
    for part in parts:
        table.add_row(
            part["part"], f"{part['bytes'] / 1e6:.1f}", part["licence"], part["sha256"][:12], part["what"]
        )
    console = Console()
    console.print(table)
    total = sum(part["bytes"] for part in parts) / 1e6
    console.print(
        f"{total:.1f} MB in all; " + ("every checksum is right" if verify else "check them: --verify")
    )


def describe(artefact: Artefact) -> list[dict[str, Any]]:
    """One record a part: part, bytes, licence, sha256, what (from the manifest's `parts`, if it has them)."""
    notes = artefact.manifest.get("parts", {})
    common = ", ".join(artefact.manifest.get("licences", ()))
    return [
        {
            "part": name,
            "bytes": artefact.path(name).stat().st_size,
            "licence": notes.get(name, {}).get("licence", common),
            "sha256": sha256,
            "what": notes.get(name, {}).get("what", ""),
        }
        for name, sha256 in sorted(artefact.manifest["files"].items())
    ]
