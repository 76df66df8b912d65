"""`silversmith explain`: why a span got its label, as tables here and as one page."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from silversmith.cli.reading import (
    Candidates,
    Context,
    Dictionaries,
    Dtype,
    Mapping,
    Model,
    Patterns,
    Sae,
    SchemaFile,
    Types,
)
from silversmith.core.errors import ConfigError, DataError

if TYPE_CHECKING:
    from silversmith.core import Document, Evidence, Vote
    from silversmith.sources.features import Features

__all__ = ["explain"]


def explain(
    documents: Annotated[Path, typer.Argument(help="Documents, labelled or not, any format ('-': stdin).")],
    document: Annotated[str, typer.Option(help="Id of the document.")],
    span: Annotated[str, typer.Option(help="START:END in characters, end exclusive; or all.")] = "all",
    mapping: Mapping = "general",
    types: Types = None,
    schema: SchemaFile = None,
    dictionary: Dictionaries = None,
    patterns: Patterns = None,
    model: Model = None,
    sae: Sae = None,
    candidates: Candidates = None,
    top: Annotated[int, typer.Option(min=1, help="Labels shown.")] = 3,
    parts: Annotated[int, typer.Option(min=1, help="Parts shown here one by one; the page shows all.")] = 12,
    context: Context = None,
    dtype: Dtype = None,
    format: Annotated[str | None, typer.Option(help="Format of DOCUMENTS, if its name doesn't tell.")] = None,
    html: Annotated[Path, typer.Option(help="The page to write.")] = Path("explanation.html"),
    no_html: Annotated[bool, typer.Option("--no-html", help="Write no page.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON line a span instead.")] = False,
) -> None:
    """Show why a span got its label: the parts that add up to each label's score.

    Each part is a latent of the sparse autoencoder that fired in or beside the span (or, with --types, how
    alike the span and a name are); the parts sum to the score, and calibration turns that into a
    probability. With `--span all`
    these are the document's own spans, or what `label` finds in it if it has none.

    Examples:
        silversmith explain silver.jsonl --document news-01
        silversmith explain notes/ --document letter --span 120:133 --html why.html
        silversmith explain recipes.txt --document soup --types "dish, ingredient"

    Raises:
        DataError: R010 no document of this id, R012 no span to explain.
        ConfigError: R011 a span that is none, R001 no such mapping.
    """
    from silversmith.cli.opening import describe, open_source, wanted

    chosen = _find(documents, format, document)
    place = _place(span, chosen)
    named = wanted(mapping, types, schema, dictionary, patterns)
    source = open_source(named, model, candidates, sae=sae, context=context, dtype=dtype)
    votes = _votes(source, chosen, place)
    explained = [replace(vote, evidence=source.explain(chosen, vote)) for vote in votes]
    if as_json:
        for vote in explained:
            sys.stdout.write(json.dumps(_record(chosen, vote), ensure_ascii=False) + "\n")
    else:
        _print(chosen, explained, top, parts)
    if not no_html:
        _page(html, chosen, explained, describe(named))
        if not as_json:
            sys.stdout.write(f"\npage (open it in a browser): {html.resolve()}\n")


def _find(path: Path, form: str | None, name: str) -> Document:
    """The document of this id. Raises DataError R010, naming the nearest."""
    from silversmith.core.errors import nearest
    from silversmith.formats import read

    names: list[str] = []
    for one in read(path, form):
        if one.id == name:
            return one
        names.append(one.id)
    remedy = nearest(name, names) if len(names) <= 20 else f"{len(names):,} documents, e.g. {names[0]}"
    raise DataError("R010", f"there is no document {name!r}", path=path, remedy=remedy)


def _place(span: str, document: Document) -> tuple[int, int] | None:
    """Start and end of --span; None means all. Raises ConfigError R011."""
    if span == "all":
        return None
    remedy = "give START:END in characters, end exclusive, or all"
    start, colon, end = span.partition(":")
    if not (colon and start.strip().isdecimal() and end.strip().isdecimal()):
        raise ConfigError("R011", f"{span!r} is no span", remedy=remedy)
    first, last = int(start), int(end)
    if not first < last <= len(document.text):
        size = f"the document has {len(document.text):,} characters"
        raise ConfigError("R011", f"{span!r} is empty or outside the text", remedy=f"{size}; {remedy}")
    return first, last


def _votes(source: Features, document: Document, place: tuple[int, int] | None) -> list[Vote]:
    """The votes to explain: of the span asked for, of the document's spans, or of those found in it."""
    from silversmith.core import Span

    if place is not None:
        asked = document.with_spans([Span(*place, label="asked")])
        votes = next(source.type_spans([asked], outside=True))
    elif document.spans:
        distinct = {(one.start, one.end): one for one in document.spans}
        votes = next(source.type_spans([document.with_spans(distinct.values())], outside=True))
    else:
        votes = next(source.label([document]))
    if not votes:
        raise DataError(
            "R012",
            "no span to explain in it",
            where=f"document {document.id!r}",
            remedy="give --span START:END",
        )
    return votes


def _print(document: Document, votes: Sequence[Vote], top: int, parts: int) -> None:
    """The document, then each span's reasons."""
    from rich.console import Console

    from silversmith.reports import explanation_lines, highlight_text

    console = Console()
    drawn = document.with_spans(vote.span() for vote in votes)
    console.print(highlight_text(drawn, colour=console.color_system is not None))
    for vote in votes:
        for line in explanation_lines(document, vote, _evidence(vote), top=top, limit=parts):
            console.print(line)


def _page(path: Path, document: Document, votes: Sequence[Vote], told: str) -> None:
    """The page with every part."""
    from silversmith.reports import write_explanation

    drawn = document.with_spans(vote.span() for vote in votes)
    facts = [f"{len(votes)} spans", told]
    write_explanation(path, f"Why these labels? {document.id}", drawn, votes, facts)


def _evidence(vote: Vote) -> Evidence:
    """A vote's evidence, which is there by now."""
    if vote.evidence is None:
        raise ValueError("a vote without evidence")
    return vote.evidence


def _record(document: Document, vote: Vote) -> dict[str, object]:
    """One span as JSON values."""
    evidence = _evidence(vote)
    return {
        "document": document.id,
        "start": vote.start,
        "end": vote.end,
        "text": document.text[vote.start : vote.end],
        "source": vote.source,
        "probabilities": dict(vote.top(len(vote.probabilities) + 1)),
        "leaves": [
            {"name": leaf.name, "values": dict(leaf.values), "detail": dict(leaf.detail)}
            for leaf in evidence.leaves
        ],
        "calibration": dict(evidence.calibration),
        "support": [dict(item) for item in evidence.support],
    }
