import io
import re

from rich.console import Console

from silversmith.core import Document, Span
from silversmith.evaluation import (
    bootstrap,
    document_counts,
    error_table,
    evaluate,
    exact_counts,
    render,
    render_errors,
)

GOLD = Document("a", "one [two]", (Span(0, 3, "[red]X[/red]"), Span(4, 9, "Y")))
FOUND = Document("a", "one [two]", (Span(0, 3, "[red]X[/red]"), Span(5, 9, "Y", 0.5)))


def printed(table):
    out = io.StringIO()
    Console(file=out, width=160).print(table)
    return out.getvalue()


def test_table_shows_types_as_they_are():
    text = printed(render(evaluate([GOLD], [FOUND])))
    assert "[red]X[/red]" in text
    assert re.search(r"weighted +│ +0.5000", text)
    assert "[red]" not in printed(render(evaluate([GOLD], [FOUND]), by_type=False))


def test_table_shows_intervals():
    intervals = bootstrap(document_counts([(GOLD, FOUND)], exact_counts), resamples=10)
    assert "0.5000 to 0.5000" in printed(render(evaluate([GOLD], [FOUND]), intervals))


def test_errors_show_texts_as_they_are():
    text = printed(render_errors(error_table([(GOLD, FOUND)]).rows))
    assert "[two]" in text
    assert "wrong boundary" in text
