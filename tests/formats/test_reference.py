"""docs/reference/formats.md says of each format what the code says."""

from __future__ import annotations

from pathlib import Path

from silversmith.formats import forms
from silversmith.formats.form import PARTS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "formats.md"


def keeps_table() -> list[str]:
    """The rows of the table of parts kept: yes, partly, or no."""
    rows = []
    for form in forms().values():
        cells = ["partly" if part in form.partly else "yes" if part in form.keeps else "no" for part in PARTS]
        rows.append(f"| {form.name} | {' | '.join(cells)} |")
    return rows


def options_table() -> list[str]:
    """The rows of the table of suffixes and options."""
    rows = []
    for form in forms().values():
        suffixes = ", ".join(form.suffixes) or "-"
        cells = [", ".join(f"{key}={value!r}" for key, value in form.options(writing=writing).items()) or "-"
                 for writing in (False, True)]  # fmt: skip
        rows.append(f"| {form.name} | {form.about} | {suffixes} | {cells[0]} | {cells[1]} |")
    return rows


def partly_lines() -> list[str]:
    """One line for each part that is kept partly."""
    return [
        f"- {form.name}, {PARTS[part]}: {why}."
        for form in forms().values()
        for part, why in form.partly.items()
    ]


def test_the_page_says_what_the_code_does():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    for expected in [*keeps_table(), *options_table(), *partly_lines()]:
        assert expected in lines, f"docs/reference/formats.md lacks: {expected}"
