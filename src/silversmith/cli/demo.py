"""`silversmith demo`: the whole flow on the bundled corpus, offline."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from silversmith.core import Document
    from silversmith.evaluation import Scores

__all__ = ["demo"]

SHOWN = 3
NEXT = (
    ("label your own text", "silversmith label YOUR-FOLDER --out silver.jsonl --report page.html"),
    ("see why a span got its label", "silversmith explain {silver} --document {first}"),
    ("find types by name alone", 'silversmith label YOUR-FOLDER --types "dish, cooking tool"'),
    ("ask your own text", "silversmith index YOUR-FOLDER --out my-index"),
    ("teach it from labelled documents", "silversmith fit YOUR-LABELLED.jsonl --out my-mapping"),
)
TYPES = "occupation, building, machine, animal"


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the silver documents and the page.")] = Path(
        "demo-output"
    ),
    show: Annotated[int, typer.Option(min=0, help="Documents printed here.")] = SHOWN,
    types: Annotated[
        str, typer.Option(help='Types to find by name alone in the printed documents; "": none.')
    ] = TYPES,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the numbers as one JSON line instead.")
    ] = False,
) -> None:
    """Label the bundled demo corpus and score it: documents of five domains, gold known, no network.

    Prints some documents with their spans, the scores, and the commands to type next. Writes
    silver.jsonl and report.html, a page on which every span opens its reasons.

    Examples:
        silversmith demo
        silversmith demo --out /tmp/demo --show 10
        silversmith demo --types "ship, scientist, river"

    Raises:
        ModelError: A001 to A004 the embedded model is missing or altered.
        ConfigError: O004 a type that stands twice in --types.
    """
    from silversmith.cli.labelling import Totals, label_blocks, warn_of_language
    from silversmith.cli.pages import score_silver, write_silver_page
    from silversmith.demo import demo_path
    from silversmith.formats import read, write
    from silversmith.sources.features.opening import open_features

    begin = time.perf_counter()
    source = open_features("general")
    gold = list(read(demo_path()))
    totals, silver = Totals(), list["Document"]()
    for _, block, _ in label_blocks(source, warn_of_language(gold), totals, 3):
        silver += block
    scores = score_silver(gold, silver)
    if not as_json:
        shown = silver[:: max(1, len(silver) // max(1, show))][:show]
        _show(shown, scores)
        _by_name(shown, types)
    write(silver, out / "silver.jsonl")
    page = out / "report.html"
    write_silver_page(page, "silversmith demo", source, gold, ["mapping general", totals.line()])
    if as_json:
        _print_json(scores, totals.to_json(), page)
        return
    _say(f"\n{totals.line()}; {time.perf_counter() - begin:.1f} s in all")
    _say(f"page (open it in a browser): {page.resolve()}")
    _say("\nnext:")
    for what, command in NEXT:
        _say(f"  {command.format(silver=out / 'silver.jsonl', first=gold[0].id)}    # {what}")


def _show(documents: Sequence[Document], scores: Sequence[Scores]) -> None:
    """Some documents with coloured spans, then the score tables."""
    from rich.console import Console

    from silversmith.evaluation import render
    from silversmith.reports import highlight_text

    console = Console()
    for document in documents:
        console.print(f"\n{document.id}", style="bold", markup=False, highlight=False)
        console.print(highlight_text(document, colour=console.color_system is not None))
    for one in scores:
        console.print()
        console.print(render(one))


def _by_name(documents: Sequence[Document], types: str) -> None:
    """The same documents once more, with types that nothing was fitted for."""
    from rich.console import Console

    from silversmith.reports import highlight_text
    from silversmith.sources.concept.opening import open_names, schema_of

    if not types.strip() or not documents:
        return
    source = open_names(schema_of(types))
    console = Console()
    console.print(f"\nby name alone: {types}", style="bold", markup=False, highlight=False)
    for document, votes in zip(documents, source.label(documents), strict=True):
        if votes:
            marked = document.with_spans(vote.span() for vote in votes)
            console.print()
            console.print(highlight_text(marked, colour=console.color_system is not None))


def _print_json(scores: Sequence[Scores], totals: dict[str, object], page: Path) -> None:
    """Everything as one line."""
    import json

    record = {**totals, "scores": [one.to_json() for one in scores], "page": str(page)}
    sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")


def _say(line: str) -> None:
    """One line of the result, on stdout."""
    sys.stdout.write(line + "\n")
