"""Why a span got its labels, as HTML: probabilities, the sum of its parts, ablation, examples."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from silversmith.core import Document, Evidence, Vote
from silversmith.reports.highlight import escaped
from silversmith.reports.sums import Row, shown_labels, sum_rows
from silversmith.reports.supervisors import KIND, supervisors_html

__all__ = ["explanation_css", "explanation_html", "leaf_examples"]

BARS = {"leaf", "rest", "score"}
ABLATIONS = {
    "probability": "as it is",
    "without": "without its {count} strongest",
    "without_random_active": "without {count} random ones that fired",
    "without_random": "without {count} random ones",
}
AROUND = 60
"""Characters of the document shown on either side of the span."""


def explanation_html(
    document: Document,
    vote: Vote,
    evidence: Evidence,
    classes: Mapping[str, int],
    *,
    top: int = 3,
    limit: int | None = None,
    shared: dict[str, str] | None = None,
) -> str:
    """One <section> about one vote.

    classes: label -> colour class number. top: labels shown. limit: parts shown one by one (None: all).
    shared: where the parts' examples go (name -> HTML) for a page that shows the same parts often; without
    it they stand in the section itself.
    """
    labels = shown_labels(vote, evidence, top)
    rows = sum_rows(evidence, labels, limit)
    names = [row.leaf.name for row in rows if row.leaf is not None]
    pieces = [
        _heading(document, vote),
        _probabilities(vote, classes, top),
        _table(rows, labels, vote, classes) if labels else "",
        _ablation(evidence.support),
        _examples(names, evidence, classes, shared),
        supervisors_html(evidence.support),
        _others(evidence.support),
    ]
    return f'<section class="why">{"".join(pieces)}</section>'


def _heading(document: Document, vote: Vote) -> str:
    """The span in its context, where it is and who says so."""
    before = document.text[max(0, vote.start - AROUND) : vote.start]
    after = document.text[vote.end : vote.end + AROUND]
    span = escaped(document.text[vote.start : vote.end])
    return (
        f'<h3 dir="auto">{span}</h3>'
        f'<p class="context" dir="auto">{escaped(before)}<b>{span}</b>{escaped(after)}</p>'
        f'<p class="small">document {escaped(document.id)}, characters {vote.start} to {vote.end}, '
        f"source {escaped(vote.source)}</p>"
    )


def _probabilities(vote: Vote, classes: Mapping[str, int], top: int) -> str:
    """The most probable labels as bars."""
    items = "".join(
        f'<li class="{_class(label, classes)}" style="--p:{100 * value:.2f}%"><span>{_name(label)}</span>'
        f"<i></i><b>{100 * value:.1f} %</b></li>"
        for label, value in vote.top(top)
    )
    return f'<ol class="probabilities" aria-label="most probable labels">{items}</ol>'


def _table(rows: Sequence[Row], labels: Sequence[str], vote: Vote, classes: Mapping[str, int]) -> str:
    """The sum: one row a part, one column a label; each bar starts where the one above ended."""
    # Calibration and log probability get no bar: they would dwarf the parts.
    edges = [edge for row in rows if row.kind in BARS for edge in (*row.starts, *row.ends)]
    low, high = min(edges), max(edges)
    scale = 100 / (high - low) if high > low else 0.0
    head = "".join(
        f'<th scope="col" class="{_class(label, classes)}">{_name(label)}</th>' for label in labels
    )
    body = "".join(_row(row, low, scale) for row in rows)
    probabilities = dict(vote.top(len(vote.probabilities) + 1))
    last = "".join(f"<td>{100 * probabilities[label]:.1f} %</td>" for label in labels)
    if rows[-1].kind == "total":
        body += f'<tr class="result"><th scope="row">probability (e to that power)</th>{last}</tr>'
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="the sum"><table class="sum" '
        f'style="--zero:{-low * scale:.2f}%"><caption>How the score comes together</caption>'
        f'<thead><tr><th scope="col">part</th>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        f"{_check(rows, labels, probabilities)}"
    )


def _row(row: Row, low: float, scale: float) -> str:
    """One row of the sum."""
    cells = []
    for start, end, printed in zip(row.starts, row.ends, row.printed, strict=True):
        left, width = (min(start, end) - low) * scale, abs(end - start) * scale
        bar = f'<i style="--l:{left:.1f}%;--w:{width:.1f}%"></i>' if width and row.kind in BARS else ""
        cells.append(f"<td{' class=n' if end < start else ''}>{printed}{bar}</td>")
    return f'<tr class="{row.kind}"><th scope="row">{_part(row)}</th>{"".join(cells)}</tr>'


def _part(row: Row) -> str:
    """A part's name, linked if it has a page of its own, with how strongly it was active."""
    detail: Mapping[str, Any] = row.leaf.detail if row.leaf else {}
    name, link = escaped(row.name), str(detail.get("link") or "")
    if link.startswith("https://"):
        name = f'<a href="{escaped(link)}" rel="noopener noreferrer">{name}</a>'
    facts = ", ".join(
        f"{escaped(key)} {escaped(_plain(value))}"
        for key, value in detail.items()
        if key != "link" and isinstance(value, str | int | float) and str(value) not in row.name
    )
    return name + (f"<small>{facts}</small>" if facts else "")


def _check(rows: Sequence[Row], labels: Sequence[str], probabilities: Mapping[str, float]) -> str:
    """Whether the printed sum is the vote's probability, in words."""
    if rows[-1].kind != "total":
        return ""
    gap = max(
        abs(math.exp(min(value, 50.0)) - probabilities[label])
        for label, value in zip(labels, rows[-1].values, strict=True)
    )
    if gap > 1e-4:
        return '<p class="warning">These parts do not add up to the probability above.</p>'
    return '<p class="small">Each bar starts where the one above it ended; the parts add up exactly.</p>'


def _ablation(support: Iterable[Mapping[str, Any]]) -> str:
    """The label's probability again without the parts that speak most for it, and without random ones."""
    tests = [item for item in support if item.get("kind") == "ablation"]
    columns = [(key, head) for key, head in ABLATIONS.items() if any(key in item for item in tests)]
    rows = ""
    for item in tests:
        cells = "".join(f"<td>{_percent(item.get(key))}</td>" for key, _ in columns)
        rows += f'<tr><th scope="row">{_name(str(item.get("label", "")))}</th>{cells}</tr>'
    if not rows:
        return ""
    count = max(len(item.get("latents", ())) for item in tests)
    head = "".join(f'<th scope="col">{text.format(count=count)}</th>' for _, text in columns)
    return (
        '<div class="wide"><table class="plain"><caption>What if these parts were not there?</caption>'
        f'<thead><tr><th scope="col">label</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _examples(
    names: Sequence[str], evidence: Evidence, classes: Mapping[str, int], shared: dict[str, str] | None
) -> str:
    """For each part shown, the spans of the labelled documents on which it was strongest."""
    pieces = []
    for name, spans in leaf_examples(evidence).items():
        if name not in names:
            continue
        items = "".join(_example(item, classes) for item in spans)
        if shared is not None:
            shared[name], items = items, ""
        pieces.append(f'<dt>{escaped(name)}</dt><dd><ul data-leaf="{escaped(name)}">{items}</ul></dd>')
    if not pieces:
        return ""
    title = "<h4>Where these parts fired in the labelled documents</h4>"
    return f'{title}<dl class="examples">{"".join(pieces)}</dl>'


def leaf_examples(evidence: Evidence) -> dict[str, list[Mapping[str, Any]]]:
    """Leaf's name -> its example spans: of its own detail, and of each support item that fits its detail."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    given = [item for item in evidence.support if item.get("kind") == "examples"]
    for leaf in evidence.leaves:
        spans = list(leaf.detail.get("examples", ()))
        for item in given:
            marks = {key: value for key, value in item.items() if key not in {"kind", "spans"}}
            if marks and all(leaf.detail.get(key) == value for key, value in marks.items()):
                spans += item["spans"]
        if spans:
            found[leaf.name] = spans
    return found


def _example(item: Mapping[str, Any], classes: Mapping[str, int]) -> str:
    """One example span: its context, the span itself, its type."""
    label = str(item.get("label", ""))
    left, text, right = (escaped(str(item.get(key, ""))) for key in ("left", "text", "right"))
    chip = f'<span class="chip">{_name(label)}</span>' if label else ""
    return f'<li dir="auto">{left}<mark class="{_class(label, classes)}">{text}{chip}</mark>{right}</li>'


def _others(support: Iterable[Mapping[str, Any]]) -> str:
    """Whatever else a source shows: passages, rules, neighbours' words."""
    items = "".join(
        f"<li>{escaped(str(item.get('kind', 'note')))}: {escaped(str(item['text']))}</li>"
        for item in support
        if item.get("kind") not in {"examples", "ablation", KIND} and "text" in item
    )
    return f'<h4>Shown beside it</h4><ul class="notes">{items}</ul>' if items else ""


def _class(label: str, classes: Mapping[str, int]) -> str:
    """The colour class of a label; O and unknown labels are grey."""
    return f"t{classes[label]}" if label in classes else "none"


def _name(label: str) -> str:
    """A label as people read it."""
    return "no entity" if label == "O" else escaped(label)


def _plain(value: Any) -> str:
    """A short text for a number or a name."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _percent(value: Any) -> str:
    """A probability in per cent, or a dash if it is not known."""
    return f"{100 * value:.1f} %" if isinstance(value, int | float) else "–"


def explanation_css() -> str:
    """The style of explanations and the colours that it uses, light and dark."""
    return (files("silversmith.reports") / "why.css").read_text(encoding="utf-8")
