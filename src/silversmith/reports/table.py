"""Tables of numbers on a page: scores and whatever else has columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from silversmith.reports.highlight import escaped

__all__ = ["Table", "table_html"]


@dataclass(frozen=True, slots=True)
class Table:
    """A caption, column heads, and rows whose first cell is the row's head; `strong` rows are set bold."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    strong: frozenset[int] = frozenset()


def table_html(table: Table) -> str:
    """The table as HTML."""
    head = "".join(f'<th scope="col">{escaped(column)}</th>' for column in table.columns)
    rows = []
    for number, (first, *others) in enumerate(table.rows):
        cells = "".join(f"<td>{escaped(cell)}</td>" for cell in others)
        bold = ' class="all"' if number in table.strong else ""
        rows.append(f'<tr{bold}><th scope="row">{escaped(first)}</th>{cells}</tr>')
    return (
        f'<div class="wide"><table class="plain"><caption>{escaped(table.caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
