from report_samples import gold, sample

from silversmith.core import Document
from silversmith.evaluation import evaluate
from silversmith.reports.scores import reliability_figure, score_table
from silversmith.reports.table import Table, table_html


def test_the_score_table_has_types_and_summaries():
    document, _ = sample()
    table = score_table(evaluate([document.with_spans(gold())], [document]))
    assert [row[0] for row in table.rows] == ["LOC", "ORG", "PER", "TIME", "micro", "macro", "weighted"]
    assert table.rows[2][1:4] == ["1.000", "1.000", "1.000"]
    assert table.strong == {4, 5, 6}


def test_the_reliability_plot_is_there_when_probabilities_are():
    document, _ = sample()
    caption, svg = reliability_figure([document], {"letter": gold()})
    assert caption
    assert svg.startswith("<svg")
    assert reliability_figure([Document("d", "no span")], {}) is None


def test_cells_are_escaped():
    html = table_html(Table("<b>", ["<i>", "x"], [["<u>", "<s>"]], frozenset({0})))
    assert not any(tag in html for tag in ("<b>", "<i>", "<u>", "<s>"))
    assert 'class="all"' in html
