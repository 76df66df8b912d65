"""A map of concepts: a page with dots that lie near what is like them; zoom, search, PNG, no network."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from silversmith.core.version import __version__
from silversmith.reports.highlight import escaped
from silversmith.reports.page import data_script

__all__ = ["Dot", "write_map"]


@dataclass(frozen=True, slots=True)
class Dot:
    """A concept. x, y: within [-1, 1]. count: mentions; group: which type it belongs to; note: examples."""

    name: str
    x: float
    y: float
    count: int
    group: int
    note: str = ""


def write_map(path: Path | str, title: str, dots: Sequence[Dot], facts: Sequence[str] = ()) -> Path:
    """Write the page; it is replaced only when complete."""
    path = Path(path)
    rows = [[dot.name, round(dot.x, 4), round(dot.y, 4), dot.count, dot.group, dot.note] for dot in dots]
    script, style = _asset("map.js"), _asset("map.css")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'"
    )
    listed = "".join(f"<li>{escaped(one)}</li>" for one in facts)
    text = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"<title>{escaped(title)}</title>\n<style>{style}</style></head>\n<body>\n"
        f'<header><h1>{escaped(title)}</h1><ul>{listed}</ul><label>find <input id="find" type="search" '
        'autocomplete="off"></label> <button id="picture" type="button">save as PNG</button> '
        '<span class="hint">wheel or + and - to zoom, drag or arrows to move, '
        '0 for all</span><p id="said" role="status" aria-live="polite"></p></header>\n'
        '<main><svg id="map" tabindex="0" role="img" aria-label="map of concepts"></svg></main>\n'
        f"<footer>Made by silversmith {__version__}. This page is complete in itself and loads nothing."
        "</footer>\n"
        f"{data_script('dots', {'rows': json.dumps(rows, ensure_ascii=False)})}"
        f"<script>{script}</script>\n</body></html>\n"
    )
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
    return path


def _asset(name: str) -> str:
    return (files("silversmith.reports") / name).read_text(encoding="utf-8")
