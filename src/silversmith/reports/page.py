"""One self-contained HTML page: no network, no code but one small script, dark and light, phone and desk."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from silversmith.core import Document, Evidence, Span, Vote
from silversmith.core.version import __version__
from silversmith.reports.colour import colour_css, hues
from silversmith.reports.explanation import explanation_html
from silversmith.reports.highlight import Mark, compare, escaped, highlight_html
from silversmith.reports.table import Table, table_html

__all__ = ["Explain", "data_script", "write_explanation", "write_report"]

Explain = Callable[[Document, Vote], Evidence]
"""A source's `explain`."""

PANE = (
    '<aside id="pane" class="closed" aria-label="Evidence"><button type="button" class="close">Close</button>'
    '<div id="evidence" aria-live="polite"><p class="hint">Choose a span to see why it got its label.</p>'
    "</div></aside>"
)
Place = tuple[str, int, int]
PARTS = 12
"""Parts shown one by one in the report's evidence; an explanation page shows all."""


def write_report(
    path: Path | str,
    title: str,
    documents: Sequence[Document],
    votes: Iterable[Vote] = (),
    *,
    explain: Explain | None = None,
    gold: Mapping[str, Sequence[Span]] | None = None,
    tables: Sequence[Table] = (),
    figures: Sequence[tuple[str, str]] = (),
    facts: Sequence[str] = (),
) -> Path:
    """Write a page of labelled documents on which every span opens its evidence.

    documents: their spans are what is drawn. votes: in any order; those at a drawn span's place explain it,
    by their own evidence or by `explain(document, vote)`. gold: document id -> spans, to mark what is right,
    wrong and missed. tables: e.g. scores. figures: (caption, SVG made by us), e.g. a reliability plot.
    facts: short phrases below the title. The file is replaced only when the page is complete.
    """
    places: dict[Place, list[Vote]] = {}
    for vote in votes:
        places.setdefault((vote.document_id, vote.start, vote.end), []).append(vote)
    marks = [
        [Mark(span) for span in one.spans] if gold is None else compare(one.spans, gold.get(one.id, ()))
        for one in documents
    ]
    labels = {mark.span.label for some in marks for mark in some}
    labels.update(label for some in places.values() for vote in some for label in vote.probabilities)
    chosen = hues(labels)
    classes = {label: number for number, label in enumerate(chosen)}
    counts = Counter(mark.span.label for some in marks for mark in some if mark.state != "missed")
    body = _report_body(documents, marks, places, classes, explain)
    numbers = "".join([*map(table_html, tables), *(_figure(*figure) for figure in figures)])
    top = f'<div class="numbers">{numbers}</div>' if numbers else ""
    top += _tools(classes, counts, gold is not None) + '<div class="columns"><div id="documents">'
    return _write(path, title, facts, colour_css(chosen), _around(top, body), script=True)


def write_explanation(
    path: Path | str, title: str, document: Document, votes: Sequence[Vote], facts: Sequence[str] = ()
) -> Path:
    """Write a page about some votes of one document, each with its whole evidence; it needs no script.

    votes: with evidence. The document's spans are drawn above the explanations.
    """
    labels = {span.label for span in document.spans}
    labels.update(label for vote in votes for label in vote.probabilities)
    chosen = hues(labels)
    classes = {label: number for number, label in enumerate(chosen)}
    marks = [Mark(span) for span in document.spans]
    text = highlight_html(document, marks, classes, 0, frozenset())
    sections = (
        explanation_html(document, vote, vote.evidence, classes)
        for vote in votes
        if vote.evidence is not None
    )
    article = (
        f'<article><h3>document {escaped(document.id)}</h3><p class="text" dir="auto">{text}</p></article>'
    )
    body = [article, '<div class="explanations">', *sections, "</div>"]
    return _write(path, title, facts, colour_css(chosen), body, script=False)


def data_script(name: str, values: Mapping[str, str]) -> str:
    """JSON inside a <script> that no text can break out of: "</", "<!" and "<script" are masked."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode()
    text = re.sub(r"<(?=!|script)", r"\\u003c", text.replace("</", r"<\/"), flags=re.IGNORECASE)
    return f'<script type="application/json" id="{name}">{text}</script>\n'


def _around(top: str, body: Iterable[str]) -> Iterator[str]:
    """The report's documents between the tools and the pane."""
    yield top
    yield from body


def _report_body(
    documents: Sequence[Document],
    marks: Sequence[Sequence[Mark]],
    places: Mapping[Place, Sequence[Vote]],
    classes: Mapping[str, int],
    explain: Explain | None,
) -> Iterator[str]:
    """One article a document, its evidence as data behind it, then the pane where the evidence is shown."""
    shared: dict[str, str] = {}
    for number, (document, some) in enumerate(zip(documents, marks, strict=True)):
        why = _evidence(document, some, places, classes, explain, shared)
        text = highlight_html(document, some, classes, number, frozenset(map(int, why)))
        count = f"{len(document.spans)} span{'' if len(document.spans) == 1 else 's'}"
        yield (
            f"<article><h3>{escaped(document.id)} <span>{count}</span></h3>"
            f'<p class="text" dir="auto">{text}</p></article>\n'
        )
        if why:
            yield data_script(f"why-{number}", why)
    yield f"</div>{PANE}</div>\n"
    yield data_script("leaves", shared)


def _evidence(
    document: Document,
    marks: Sequence[Mark],
    places: Mapping[Place, Sequence[Vote]],
    classes: Mapping[str, int],
    explain: Explain | None,
    shared: dict[str, str],
) -> dict[str, str]:
    """Index of a mark -> its explanation as HTML."""
    found: dict[str, str] = {}
    for index, mark in enumerate(marks):
        sections = ""
        for vote in places.get((document.id, mark.span.start, mark.span.end), ()):
            evidence = vote.evidence or (explain(document, vote) if explain else None)
            if evidence is not None:
                sections += explanation_html(document, vote, evidence, classes, limit=PARTS, shared=shared)
        if sections:
            found[str(index)] = sections
    return found


def _tools(classes: Mapping[str, int], counts: Mapping[str, int], gold: bool) -> str:
    """The legend, which is the filter by type, and the filter by probability."""
    types = "".join(
        f'<label class="type t{number}"><input type="checkbox" checked data-type="t{number}">'
        f"{escaped(label)} <small>{counts.get(label, 0):,}</small></label>"
        for label, number in classes.items()
    )
    mistakes = (
        '<label><input type="checkbox" id="mistakes"> only what differs from gold</label>' if gold else ""
    )
    return (
        '<div class="tools" role="group" aria-label="Filters">'
        f"<fieldset><legend>Types</legend>{types}</fieldset>{mistakes}"
        '<label class="slider">probability at least '
        '<input type="range" id="least" min="0" max="100" value="0">'
        '<span id="least-shown">0 %</span></label><output id="shown" aria-live="polite"></output></div>'
    )


def _figure(caption: str, svg: str) -> str:
    """A figure; the SVG is ours and stands as it is."""
    return f"<figure><figcaption>{escaped(caption)}</figcaption>{svg}</figure>"


def _write(
    path: Path | str, title: str, facts: Sequence[str], colours: str, body: Iterable[str], *, script: bool
) -> Path:
    """Write head, body and foot aside and rename."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("w", encoding="utf-8", newline="\n") as file:
            file.write(_head(title, facts, colours))
            file.writelines(body)
            code = f"<script>{_asset('page.js')}</script>\n" if script else ""
            file.write(f"</main>\n<footer>Made by silversmith {__version__}. ")
            file.write(f"This page is complete in itself and loads nothing.</footer>\n{code}</body></html>\n")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return path


def _head(title: str, facts: Sequence[str], colours: str) -> str:
    """Everything before the body; the policy lets only our own script run, by its checksum."""
    digest = base64.b64encode(hashlib.sha256(_asset("page.js").encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    items = "".join(f"<li>{escaped(fact)}</li>" for fact in facts)
    listed = f'<ul class="facts">{items}</ul>' if items else ""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"<title>{escaped(title)}</title>\n<style>{_asset('why.css')}{_asset('page.css')}{colours}</style></head>\n"
        f'<body><a class="skip" href="#main">Skip to the documents</a>\n'
        f'<header><h1>{escaped(title)}</h1>{listed}</header>\n<main id="main">\n'
    )


def _asset(name: str) -> str:
    """One of the files beside this module."""
    return (files("silversmith.reports") / name).read_text(encoding="utf-8")
