"""Why a span got its labels, for a terminal: the same parts as on the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from silversmith.core import Document, Evidence, Vote
from silversmith.reports.colour import hues, terminal_style
from silversmith.reports.explanation import leaf_examples
from silversmith.reports.sums import Row, shown_labels, sum_rows

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

__all__ = ["explanation_lines"]

WIDTH = 14
"""Cells of the longest bar."""
STRONG = {"score", "total"}


def explanation_lines(
    document: Document, vote: Vote, evidence: Evidence, *, top: int = 3, limit: int | None = 12
) -> Iterator[RenderableType]:
    """Things to print with a rich Console: heading, the sum as a table, ablation, examples, notes.

    top: labels shown. limit: leaves shown one by one (None: all).
    """
    from rich.text import Text

    labels = shown_labels(vote, evidence, top)
    span = document.text[vote.start : vote.end]
    yield Text(f"\n“{span}”", style="bold").append(
        f"  document {document.id}, characters {vote.start} to {vote.end}, source {vote.source}", "dim"
    )
    yield _probabilities(vote, top)
    if labels:
        rows = sum_rows(evidence, labels, limit)
        yield _table(rows, labels, vote)
        yield from _examples([row.name for row in rows], evidence)
    yield from _notes(evidence)


def _probabilities(vote: Vote, top: int) -> Text:
    """One line of the most probable labels."""
    from rich.text import Text

    styles = {label: terminal_style(hue) for label, hue in hues(vote.probabilities).items()}
    parts = [
        Text(f" {_name(label)} {100 * value:.1f} % ", styles.get(label, "reverse"))
        for label, value in vote.top(top)
    ]
    return Text("  ").join(parts)


def _table(rows: Sequence[Row], labels: Sequence[str], vote: Vote) -> Table:
    """The sum: one row a part, one column a label, a signed bar beside each number."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title="how the score comes together", title_justify="left", title_style="italic")
    table.add_column("part")
    for label in labels:
        table.add_column(_name(label), justify="left", no_wrap=True)
    largest = max((abs(value) for row in rows if row.leaf for value in row.values), default=0.0) or 1.0
    for number, row in enumerate(rows):
        cells = [
            _cell(row, printed, value, largest)
            for printed, value in zip(row.printed, row.values, strict=True)
        ]
        ends = number + 1 < len(rows) and rows[number + 1].kind in STRONG
        table.add_row(Text(row.name), *cells, style="bold" if row.kind in STRONG else "", end_section=ends)
    if rows[-1].kind == "total":
        chances = dict(vote.top(len(vote.probabilities) + 1))
        table.add_row(
            "probability = e^(log probability)", *(f"{100 * chances[one]:6.1f} %" for one in labels)
        )
    return table


def _cell(row: Row, printed: str, value: float, largest: float) -> Text:
    """A signed number and, for a part, its bar."""
    from rich.text import Text

    cell = Text(f"{printed:>8} ")
    if row.leaf is not None:
        colour = "dark_orange3" if value < 0 else "dodger_blue2"
        cell.append("▇" * round(WIDTH * abs(value) / largest), colour)
    return cell


def _examples(names: Sequence[str], evidence: Evidence) -> Iterator[Text]:
    """The spans on which the parts were strongest in the labelled documents."""
    from rich.text import Text

    found = {name: spans for name, spans in leaf_examples(evidence).items() if name in names}
    if found:
        yield Text("\nwhere these parts fired in the labelled documents", style="italic")
    for name, spans in found.items():
        line = Text(f"  {name}: ", style="dim")
        for place, item in enumerate(spans):
            left, text, right = (
                " ".join(str(item.get(key, "")).split()) for key in ("left", "text", "right")
            )
            line.append(" · " if place else "", "dim").append(f"…{left[-20:]} ", "dim").append(text, "bold")
            line.append(f" {right[:20]}…", "dim").append(f" {item['label']}" if item.get("label") else "")
        yield line


def _notes(evidence: Evidence) -> Iterator[Text]:
    """The ablation test and whatever else a source shows, one line each."""
    from rich.text import Text

    for item in evidence.support:
        if item.get("kind") == "ablation":
            yield Text(_ablation(item))
        elif item.get("kind") != "examples" and "text" in item:
            yield Text(f"{item.get('kind', 'note')}: {item['text']}")


def _ablation(item: Any) -> str:
    """The ablation test as a sentence."""
    count = len(item.get("latents", ()))
    line = f"without its {count} strongest latents {_name(str(item['label']))} falls from "
    line += f"{100 * item['probability']:.1f} % to {100 * item['without']:.1f} %"
    if "without_random_active" in item:
        line += f"; without {count} random ones that fired it is {100 * item['without_random_active']:.1f} %"
    if "without_random" in item:
        line += f"; without {count} random ones {100 * item['without_random']:.1f} %"
    return line


def _name(label: str) -> str:
    """A label as people read it."""
    return "no entity" if label == "O" else label
