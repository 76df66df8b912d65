"""Reports: coloured documents, explanations and pages, drawn by the same parts for every source."""

from silversmith.reports.explanation import explanation_html
from silversmith.reports.highlight import Mark, compare, highlight_html, highlight_text
from silversmith.reports.page import write_explanation, write_report
from silversmith.reports.table import Table
from silversmith.reports.terminal import explanation_lines

__all__ = [
    "Mark",
    "Table",
    "compare",
    "explanation_html",
    "explanation_lines",
    "highlight_html",
    "highlight_text",
    "write_explanation",
    "write_report",
]
