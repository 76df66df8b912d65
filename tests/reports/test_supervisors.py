"""The plot of the words whose probability moved."""

import xml.etree.ElementTree as Tree

from silversmith.reports.supervisors import supervisors_html

ITEM = {
    "kind": "supervisors",
    "text": "PER, in place of “met” before it: “<b>” 50.0 % to 10.0 %",
    "words": [
        {"word": "<b>", "before": 0.5, "after": 0.1, "share": 0.8},
        {"word": "all other words", "before": 0.5, "after": 0.9, "share": -0.3},
    ],
}


def test_two_bars_a_word_in_proportion():
    page = supervisors_html([ITEM, {"kind": "note", "text": "x"}])
    figure = Tree.fromstring(page[page.index("<figure") : page.index("</figure>") + 9])
    bars = [float(one.get("width")) for one in figure.iter("rect")]
    assert len(bars) == 4
    assert abs(bars[0] / bars[3] - 5 / 9) < 0.01
    assert abs(bars[1] / bars[0] - 0.2) < 0.01
    words = [one.text for one in figure.iter("text")]
    assert words == ["<b>", "+0.800", "all other words", "−0.300"]


def test_nothing_to_show_is_nothing():
    assert supervisors_html([{"kind": "note"}]) == ""
