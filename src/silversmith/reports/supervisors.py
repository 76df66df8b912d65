"""Supervisors as small plots: the words that the model expects at a place, before and after the swap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from silversmith.reports.highlight import escaped

__all__ = ["KIND", "supervisors_html"]

KIND = "supervisors"
WIDTH, BAR, ROW, TEXT = 190, 7, 24, 110
"""Of the longest bar, a bar's height, a word's height, the room for words; pixels."""


def supervisors_html(support: Iterable[Mapping[str, Any]]) -> str:
    """One plot a masked place: two bars a word, its probability in the text and with the example instead."""
    plots = "".join(_plot(item) for item in support if item.get("kind") == KIND and item.get("words"))
    if not plots:
        return ""
    note = "upper bar: in the text; lower bar: with the other string in the span's place; at the right what "
    note += "each word adds to the place's divergence"
    return f'<h4>Words whose probability moved</h4><p class="small">{note}</p>{plots}'


def _plot(item: Mapping[str, Any]) -> str:
    """The plot of one place, as SVG, with its sentence as caption."""
    words = list(item["words"])
    top = max((max(one["before"], one["after"]) for one in words), default=0.0) or 1.0
    height = ROW * len(words)
    bars = "".join(_bars(number, one, WIDTH / top) for number, one in enumerate(words))
    caption = escaped(str(item.get("text", "")))
    return (
        f'<figure><svg role="img" aria-label="{caption}" width="{TEXT + WIDTH + 60}" height="{height}" '
        f'viewBox="0 0 {TEXT + WIDTH + 60} {height}" font-size="11" fill="currentColor">{bars}</svg>'
        f'<figcaption class="small">{caption}</figcaption></figure>'
    )


def _bars(number: int, one: Mapping[str, Any], scale: float) -> str:
    """One word: name, two bars, its part of the divergence."""
    y = number * ROW
    before, after = (max(0.5, scale * one[key]) for key in ("before", "after"))
    share = f"{one['share']:+.3f}".replace("-", "−")
    return (
        f'<text x="{TEXT - 6}" y="{y + 14}" text-anchor="end">{escaped(str(one["word"]))}</text>'
        f'<rect x="{TEXT}" y="{y + 3}" width="{before:.1f}" height="{BAR}" opacity=".85"/>'
        f'<rect x="{TEXT}" y="{y + 3 + BAR}" width="{after:.1f}" height="{BAR}" opacity=".35"/>'
        f'<text x="{TEXT + WIDTH + 8}" y="{y + 14}">{share}</text>'
    )
