"""`silversmith discover`: what types a corpus is about, as a schema file to edit."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from silversmith.core.errors import ConfigError

if TYPE_CHECKING:
    from silversmith.models.concepts import Vocabulary
    from silversmith.sources.concept.discovery import Proposal

__all__ = ["discover"]

MOST = 500
"""Concepts on a map."""

Index = Annotated[Path, typer.Argument(help="A folder of `silversmith index`.")]
Out = Annotated[Path | None, typer.Option(help="Schema file to write (TOML).")]
Types = Annotated[int, typer.Option(min=1, help="Types proposed, at most.")]
Map = Annotated[Path | None, typer.Option(help="Also a map of the concepts: a page to zoom and search.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON line a type.")]


def discover(
    index: Index, out: Out = None, types: Types = 12, map: Map = None, as_json: Json = False
) -> None:
    """Propose the types that a corpus is about, with examples, as a schema to edit.

    Each mention of the index goes to the concept that it is nearest to, among some thousands that `mini`
    knows; close concepts are one type.

    Examples:
        silversmith index notes/ --out my-index
        silversmith discover my-index --out schema.toml --map map.html
        silversmith label notes/ --schema schema.toml --out silver.jsonl

    Raises:
        ModelError: Y020 the index is of another encoder than mini, A001 to A004 no index.
        DataError: O030 no mention near any concept.
        ConfigError: R003 the schema file exists.
    """
    import numpy as np

    from silversmith.models.mini import load_mini
    from silversmith.sources.concept.discovery import discover as propose
    from silversmith.sources.concept.discovery import schema_text
    from silversmith.sources.question import PhraseIndex

    if out is not None and out.exists():
        raise ConfigError(
            "R003", "it exists: nothing of yours is overwritten", path=out, remedy="name another"
        )
    mini = load_mini()
    opened = PhraseIndex.open(index, mini.concept.identity())
    numbers = np.arange(len(opened))
    forms = [one.phrase for one in opened.places(range(len(opened)))]
    everything = propose(opened.vectors(numbers), opened.mention, forms, mini.vocabulary, types=len(forms))
    found = everything[:types]
    if map is not None:
        _map(map, everything, mini.vocabulary, index.name)
    if out is not None:
        out.write_text(schema_text(found), encoding="utf-8")
    if as_json:
        for one in found:
            record = {key: value for key, value in asdict(one).items() if key != "members"}
            sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
        return
    lines = [f"{one.name:<24}{one.mentions:>7,}  {', '.join(one.examples)}" for one in found]
    sys.stdout.write(f"{'type':<24}mentions  examples\n" + "\n".join(lines) + "\n")
    if out is not None:
        sys.stdout.write(f"wrote {out}; edit it, then: silversmith label TEXTS --schema {out}\n")
    if map is not None:
        sys.stdout.write(f"map (open it in a browser): {map.resolve()}\n")


def _map(path: Path, found: Sequence[Proposal], vocabulary: Vocabulary, name: str) -> None:
    """The page: concepts of the corpus, the largest MOST, coloured by type."""
    import numpy as np

    from silversmith.reports.layout import plane
    from silversmith.reports.map import Dot, write_map

    members = [(number, count, group) for group, one in enumerate(found) for number, count in one.members]
    members = sorted(members, key=lambda one: -one[1])[:MOST]
    points = plane(vocabulary.vectors[np.array([number for number, _, _ in members])])
    dots = [
        Dot(vocabulary.names[number], float(x), float(y), count, group, "; ".join(found[group].examples))
        for (number, count, group), (x, y) in zip(members, points, strict=True)
    ]
    mentions = sum(count for _, count, _ in members)
    write_map(path, f"Concepts of {name}", dots, [f"{len(dots):,} concepts", f"{mentions:,} mentions"])
