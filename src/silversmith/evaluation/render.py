"""Rendering of scores as tables for a terminal (rich: plain text where there are no colours)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from silversmith.evaluation.error_tables import ErrorRow
from silversmith.evaluation.intervals import Interval
from silversmith.evaluation.noise import NoiseProfile
from silversmith.evaluation.scores import SUMMARIES, Score, Scores

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["render", "render_errors", "render_profile"]


def render(scores: Scores, intervals: Mapping[str, Interval] | None = None, *, by_type: bool = True) -> Table:
    """A table: one row a type (by_type), then micro, macro and weighted; F1's bounds if given.

    intervals: as `bootstrap` returns them. Print it with `rich.console.Console().print`.
    """
    from rich.table import Table
    from rich.text import Text  # a type's name may hold what rich takes for markup

    table = Table(title=f"match: {scores.matching}", title_justify="left")
    table.add_column("type")
    for name in ("precision", "recall", "F1", *(["F1 interval"] if intervals else []), "gold", "predicted"):
        table.add_column(name, justify="right")
    rows = [(name, f"type.{name}", one) for name, one in scores.types.items()] if by_type else []
    for name, key, one in rows:
        table.add_row(Text(name), *_cells(one, key, intervals), end_section=name == rows[-1][0])
    for name in SUMMARIES:
        table.add_row(name, *_cells(getattr(scores, name), name, intervals), style="bold")
    return table


def render_errors(rows: Sequence[ErrorRow]) -> Table:
    """A table of mistakes, in the columns of the SAE-NER paper's error analysis."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title="errors", title_justify="left")
    for name in ("document", "predicted", "gold", "label", "gold label", "p", "p gold", "IoU", "comment"):
        table.add_column(name)
    for row in rows:
        cells = (row.document, row.predicted, row.gold, row.predicted_label, row.gold_label)
        numbers = (row.p_predicted, row.p_gold, row.iou)
        texts = [*(cell or "" for cell in cells), *("" if x is None else f"{x:.2f}" for x in numbers)]
        table.add_row(*(Text(text.replace("\n", " ")) for text in (*texts, row.comment)))
    return table


def render_profile(profile: NoiseProfile) -> Table:
    """A table of what became of each type's gold spans, and of what silver has too many of.

    missing, boundary, type, both: shares of gold. spurious, stolen: shares of silver (stolen: on gold
    of another type).
    """
    from rich.table import Table
    from rich.text import Text

    title = f"noise profile: {profile.documents:,} documents, {profile.empty:,} with gold but no silver"
    table = Table(title=title, title_justify="left")
    table.add_column("type")
    for name in ("gold", "silver", "correct", "missing", "boundary", "type", "both", "spurious", "stolen"):
        table.add_column(name, justify="right")
    rows = [*profile.types.items(), ("all", profile.total)]
    for name, one in rows:
        rates = one.rates()
        shares = [one.correct / max(1, one.gold), rates["missing"], rates["wrong_boundary"]]
        shares += [rates[key] for key in ("wrong_type", "wrong_both", "spurious", "stolen")]
        cells = [f"{one.gold:,}", f"{one.silver:,}", *(f"{share:.1%}" for share in shares)]
        table.add_row(Text(name), *cells, style="bold" if one is rows[-1][1] else None)
    return table


def _cells(one: Score, key: str, intervals: Mapping[str, Interval] | None) -> list[str]:
    """The numbers of one row, rates with four digits."""
    cells = [f"{value:.4f}" for value in (one.precision, one.recall, one.f1)]
    if intervals:
        bounds = intervals.get(f"{key}.f1")
        cells.append(f"{bounds.low:.4f} to {bounds.high:.4f}" if bounds else "")
    return [*cells, f"{one.gold:g}", f"{one.predicted:g}"]
