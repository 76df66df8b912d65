"""`silversmith discover`: what types a corpus is about, as a schema file to edit."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from silversmith.core.errors import ConfigError

__all__ = ["discover"]

Index = Annotated[Path, typer.Argument(help="A folder of `silversmith index`.")]
Out = Annotated[Path | None, typer.Option(help="Schema file to write (TOML).")]
Types = Annotated[int, typer.Option(min=1, help="Types proposed, at most.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON line a type.")]


def discover(index: Index, out: Out = None, types: Types = 12, as_json: Json = False) -> None:
    """Propose the types that a corpus is about, with examples, as a schema to edit.

    Each mention of the index goes to the concept that it is nearest to, among some thousands that `mini`
    knows; close concepts are one type.

    Examples:
        silversmith index notes/ --out my-index
        silversmith discover my-index --out schema.toml
        silversmith label notes/ --schema schema.toml --out silver.jsonl

    Raises:
        ModelError: J020 the index is of another encoder than mini, A001 to A004 no index.
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
    found = propose(opened.vectors(numbers), opened.mention, forms, mini.vocabulary, types=types)
    if out is not None:
        out.write_text(schema_text(found), encoding="utf-8")
    if as_json:
        sys.stdout.writelines(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in found)
        return
    lines = [f"{one.name:<24}{one.mentions:>7,}  {', '.join(one.examples)}" for one in found]
    sys.stdout.write(f"{'type':<24}mentions  examples\n" + "\n".join(lines) + "\n")
    if out is not None:
        sys.stdout.write(f"wrote {out}; edit it, then: silversmith label TEXTS --schema {out}\n")
