"""What `silversmith models` lists: one record a thing, and tables of them."""

from __future__ import annotations

from collections import defaultdict
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from silversmith.core.artefact import Artefact

__all__ = ["describe", "listing", "print_listing"]

Record = dict[str, Any]
TITLES = {
    "part": "mini: the embedded model, always there",
    "installed": "on this machine",
    "language model": "language models: silversmith models add NAME; OWNER/NAME: hf download",
    "release": "releases of sparse autoencoders (* = in the SAE-NER paper)",
    "autoencoder": "sparse autoencoders (* = in the SAE-NER paper): silversmith models add {release}/ID",
}
COLUMNS = {
    "part": ("part", "MB", "licence", "sha256", "what"),
    "installed": ("name", "what", "GB", "licence", "folder"),
    "language model": ("name", "width", "blocks", "memory GB", "licence"),
    "release": ("name", "count", "latents", "memory GB", "licence"),
    "autoencoder": ("ID", "latents", "L0", "memory GB", "download GB", "licence"),
}
WORDS = {"name", "part", "ID", "sha256", "licence", "what", "folder"}
"""Columns that stand on the left; numbers stand on the right."""
FOLDED = {"licence", "what", "folder"}
"""Columns that may take several lines; memory is also the space that the encoder takes on disk."""


def listing(text: str, folder: Path | None, *, verify: bool) -> list[Record]:
    """Records of mini's parts, installed things, language models and autoencoders whose name contains `text`.

    A release is one record unless `text` names one, or is part of few enough autoencoders' names.
    """
    # the folder is named here and not imported: silversmith.models.mini would import torch
    place = folder or Path(str(files("silversmith") / "models" / "mini_weights"))
    found = [] if text else describe(Artefact.open(place, "mini", verify=verify))
    found += [one for one in (*_installed(verify), *_models()) if text.lower() in one["name"].lower()]
    return found + _autoencoders(text)


def describe(artefact: Artefact) -> list[Record]:
    """One record a part of mini: bytes, licence, sha256, what (the manifest's `parts`, if it has them)."""
    notes = artefact.manifest.get("parts", {})
    common = ", ".join(artefact.manifest.get("licences", ()))
    return [
        {
            "kind": "part",
            "part": name,
            "bytes": artefact.path(name).stat().st_size,
            "licence": notes.get(name, {}).get("licence", common),
            "sha256": sha256,
            "what": notes.get(name, {}).get("what", ""),
        }
        for name, sha256 in sorted(artefact.manifest["files"].items())
    ]


def _installed(verify: bool) -> list[Record]:
    """Language models and autoencoders of the house's folder. Raises ModelError A004 if one is altered."""
    from silversmith.models.home import home_folder

    found = []
    for kind, what in (("models", "language model"), ("saes", "autoencoder")):
        for manifest in sorted((home_folder() / kind).glob("*/manifest.json")):
            artefact = Artefact.open(manifest.parent, verify=verify)
            about = artefact.manifest
            latents = f", {about['d_sae']:,} latents" if "d_sae" in about else ""
            size = sum(one.stat().st_size for one in manifest.parent.iterdir())
            found.append(
                {
                    "kind": "installed",
                    "name": about["name"],
                    "what": what + latents,
                    "bytes": size,
                    "licence": about["licences"]["weights"],
                    "folder": str(manifest.parent),
                }
            )
    return found


def _models() -> list[Record]:
    """Language models that can be added, and those that public autoencoders were trained on."""
    from silversmith.models.offered import KNOWN, OFFERED

    rows: list[Record] = [
        {
            "kind": "language model",
            "name": one.name,
            "width": one.width,
            "blocks": one.blocks,
            "memory": one.disk,
            "disk": one.disk,
            "download": one.download,
            "licence": one.licence,
            "gated": one.terms is not None,
            "get": f"silversmith models add {one.name}",
        }
        for one in OFFERED.values()
    ]
    for known in KNOWN:
        rows.append(
            {
                "kind": "language model",
                "name": known.hub,
                "width": known.width,
                "blocks": known.blocks,
                "memory": known.memory(),
                "disk": known.memory(),
                "download": known.memory(),
                "licence": known.licence,
                "gated": known.gated,
                "get": f"hf download {known.hub}",
            }
        )
    return rows


def _autoencoders(text: str) -> list[Record]:
    """Releases, or the autoencoders of the release that `text` names."""
    from silversmith.models.sae_formats.registry import entries

    releases = defaultdict(list)
    for entry in entries():
        releases[entry.release].append(entry)
    if text in releases:
        return [_autoencoder(entry) for entry in releases[text]]
    return [_release(name, group) for name, group in releases.items() if text.lower() in name.lower()]


def _autoencoder(entry: Any) -> Record:
    return {
        "kind": "autoencoder",
        "name": f"{entry.release}/{entry.sae_id}",
        "model": entry.model,
        "layer": entry.layer,
        "site": entry.site,
        "d_in": entry.d_in,
        "d_sae": entry.d_sae,
        "l0": entry.l0,
        "memory": entry.memory,
        "disk": entry.memory,
        "download": entry.download,
        "licence": entry.licence,
        "terms": entry.terms,
        "gated": entry.gated,
        "paper": entry.paper,
    }


def _release(name: str, group: list[Any]) -> Record:
    memory = [one.memory for one in group if one.memory]
    return {
        "kind": "release",
        "name": name,
        "count": len(group),
        "model": group[0].model,
        "site": group[0].site,
        "d_sae": sorted({one.d_sae for one in group if one.d_sae}),
        "memory": [min(memory), max(memory)] if memory else None,
        "licence": group[0].licence,
        "terms": group[0].terms,
        "gated": any(one.gated for one in group),
        "paper": sum(one.paper for one in group),
    }


def print_listing(found: list[Record], text: str, *, verified: bool) -> None:
    """A table a kind, and what to type next."""
    from rich.console import Console

    console = Console(highlight=False)
    for kind, title in TITLES.items():
        if rows := [one for one in found if one["kind"] == kind]:
            console.print(_table(kind, title.format(release=text), rows), "")
    if not found:
        console.print(f"nothing known by {text!r}; all: silversmith models", markup=False)
    total = sum(one["bytes"] for one in found if one["kind"] == "part") / 1e6
    if total:
        checked = "every checksum is right" if verified else "check them: --verify"
        console.print(f"mini: {total:.1f} MB in all; {checked}; one release: silversmith models RELEASE")


def _table(kind: str, title: str, rows: list[Record]) -> Any:
    """A table of one kind of records that fits 80 columns."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 1))
    for column in COLUMNS[kind]:
        side: Literal["left", "right"] = "left" if column in WORDS else "right"
        head = column.replace(" GB", "\nGB")
        table.add_column(head, justify=side, overflow="fold", no_wrap=column not in FOLDED, vertical="top")
    for one in rows:
        table.add_row(*(Text(_cell(one, column)) for column in COLUMNS[kind]))
    return table


def _cell(one: Record, column: str) -> str:
    """A record's text in a column."""
    match column:
        case "MB" | "GB":
            return f"{one['bytes'] / (1e6 if column == 'MB' else 1e9):.{1 if column == 'MB' else 2}f}"
        case "sha256":
            return str(one["sha256"])[:12]
        case "latents":
            values = one["d_sae"] if isinstance(one["d_sae"], list) else [one["d_sae"]]
            return _range([_short(value) for value in values if value])
        case "L0":
            return "" if one["l0"] is None else f"{one['l0']:g}"
        case "memory GB" | "download GB":
            value = one[column.removesuffix(" GB")]
            values = value if isinstance(value, list) else [value]
            return _range(["?" if number is None else f"{number / 1e9:.2g}" for number in values])
        case "licence":
            return f"{one['licence']}, gated" if one.get("gated") else str(one["licence"])
        case "name" | "ID":
            name = str(one["name"]) if column == "name" else one["name"].partition("/")[2]
            return f"{name} *" if one.get("paper") else name
    return str(one.get(column, ""))


def _short(count: int) -> str:
    """16384 as 16k, 1048576 as 1m, as the releases call their widths."""
    return f"{round(count / 1e6)}m" if count >= 1_000_000 else f"{count // 1000}k"


def _range(values: list[str]) -> str:
    """The first and the last of ascending values."""
    return "–".join(dict.fromkeys((values[0], values[-1]))) if values else ""
