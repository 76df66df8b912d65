"""The loss report: counts, a few examples, lines for people and values for machines."""

from __future__ import annotations

import json

from silversmith.formats import Losses


def test_counts_are_exact_and_examples_few():
    losses = Losses()
    for number in range(10):
        losses.lose("things", f"example {number}", count=2)
    losses.repair("faults")
    losses.note("oddities", "x" * 200)
    first, second, third = losses.lines()
    assert first == "lost: 20 x things (example 0; example 1; example 2)"
    assert second == "repaired: 1 x faults"
    assert len(third) < 120
    assert json.loads(json.dumps(losses.as_dict()))["lost"]["things"]["count"] == 20
