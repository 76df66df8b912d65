"""`silversmith diff`: which spans changed between two labelled sets, and which source caused it."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from silversmith.core import Document
    from silversmith.evaluation.difference import Change

__all__ = ["diff"]

Before = Annotated[Path, typer.Argument(help="Labelled documents, any format.")]
After = Annotated[Path, typer.Argument(help="The same documents, labelled otherwise.")]
Top = Annotated[int, typer.Option(min=0, help="Changes shown one by one.")]
Format = Annotated[str | None, typer.Option(help="Format of both, if their names don't tell.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON line a change, then the counts.")]


def diff(before: Before, after: After, top: Top = 20, format: Format = None, as_json: Json = False) -> None:
    """Show what changed between two silver sets: spans added, removed, relabelled, moved, by type and source.

    Examples:
        silversmith diff silver-monday.jsonl silver-tuesday.jsonl
        silversmith diff silver.jsonl reviewed.jsonl --json

    Raises:
        DataError: E001 to E004 other documents, F001 to F020 an input.
    """
    from silversmith.evaluation.difference import differences
    from silversmith.evaluation.pairing import pair_documents
    from silversmith.formats import read

    texts: dict[str, str] = {}
    same = 0

    def pairs() -> Iterator[tuple[Document, Document]]:
        nonlocal same
        for one, other in pair_documents(read(before, format), read(after, format)):
            texts[one.id] = one.text
            old = {(span.start, span.end, span.label) for span in one.spans}
            same += len(old & {(span.start, span.end, span.label) for span in other.spans})
            yield one, other

    changes = list(differences(pairs()))
    counts = Counter((one.kind, one.label, one.cause) for one in changes)
    if as_json:
        for one in changes:
            sys.stdout.write(json.dumps(_record(one, texts[one.document]), ensure_ascii=False) + "\n")
        listed = [[*key, n] for key, n in counts.most_common()]
        sys.stdout.write(json.dumps({"same": same, "changed": len(changes), "counts": listed}) + "\n")
        return
    _print(changes, counts, same, texts, top)


def _record(change: Change, text: str) -> dict[str, object]:
    """One change as plain values."""
    record: dict[str, object] = {"document": change.document, "kind": change.kind, "cause": change.cause}
    for name, span in (("before", change.before), ("after", change.after)):
        if span is not None:
            place = {"start": span.start, "end": span.end, "label": span.label, "score": span.score}
            record[name] = {**place, "text": text[span.start : span.end]}
    return record


def _print(
    changes: list[Change], counts: Counter[tuple[str, str, str]], same: int, texts: dict[str, str], top: int
) -> None:
    """Counts as a table, then the first changes."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    table = Table(title=f"{same:,} spans the same, {len(changes):,} changed", title_justify="left")
    for head in ("change", "type", "sources"):
        table.add_column(head)
    table.add_column("spans", justify="right")
    for (kind, label, cause), count in counts.most_common():
        table.add_row(kind, Text(label), Text(cause), f"{count:,}")
    console.print(table)
    for one in changes[:top]:
        console.print(Text(f"{one.document}: {one.kind} {_said(one, texts[one.document])}"))
    if len(changes) > top:
        console.print(f"... and {len(changes) - top:,} more: --top {len(changes)}, or --json")


def _said(change: Change, text: str) -> str:
    """A change in a few words."""
    parts = [
        f"{text[span.start : span.end]!r} {span.label}"
        for span in (change.before, change.after)
        if span is not None
    ]
    return " -> ".join(parts)
