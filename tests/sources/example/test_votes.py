"""One span where several overlap, one type a span."""

from dataclasses import replace
from itertools import pairwise

import pytest
from example_toy import make_schema
from hypothesis import given
from hypothesis import strategies as st

from silversmith.sources.example.calibration import Calibration
from silversmith.sources.example.mining import Mining
from silversmith.sources.example.options import ExampleOptions
from silversmith.sources.example.pairs import Scale
from silversmith.sources.example.votes import settle, votes_of

MINING = Mining(
    make_schema(),
    ExampleOptions(),
    {"name": "none"},
    (Scale(), Scale()),
    {"PER": Calibration(0.2), "LOC": Calibration(0.1)},
)


def test_the_best_stays_and_ties_go_to_the_longer_then_the_earlier():
    assert settle([(0, 5), (3, 8)], [0.5, 0.4], 0.1) == [1]
    assert settle([(0, 5), (3, 9)], [0.5, 0.5], 0.1) == [1]
    assert settle([(0, 5), (4, 9)], [0.5, 0.5], 0.1) == [0]


def test_the_longest_of_a_nested_group_wins_if_hardly_worse():
    spans = [(0, 8), (0, 19), (30, 31)]  # "New York", "New York University"
    assert settle(spans, [0.50, 0.54, 0.9], 0.1) == [1, 2]
    assert settle(spans, [0.50, 0.56, 0.9], 0.1) == [0, 2]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5), st.floats(0, 1)), max_size=8))
def test_nothing_overlaps_and_everything_left_out_overlaps_something(drawn):
    spans = [(start, start + size) for start, size, _ in drawn]
    kept = settle(spans, [ratio for *_, ratio in drawn], 0.1)
    chosen = [spans[n] for n in kept]
    assert all(a[1] <= b[0] for a, b in pairwise(chosen))
    for n, (start, end) in enumerate(spans):
        assert n in kept or any(start < b and a < end for a, b in chosen)


def test_the_type_is_the_one_nearest_to_its_threshold():
    (vote,) = votes_of("d", [(0, 3, 0, 0.1), (0, 3, 1, 0.09)], MINING)
    assert vote.label == "PER"  # 0.1 of 0.2 is better than 0.09 of 0.1
    assert vote.probabilities["PER"] == pytest.approx(2**-0.5)
    assert sum(vote.probabilities.values()) <= 1
    assert vote.source == "example"


def test_spans_above_their_threshold_are_no_votes_unless_all_are_asked_for():
    found = [(0, 3, 0, 0.3), (4, 6, 1, 0.05)]
    assert [vote.start for vote in votes_of("d", found, MINING)] == [4]
    assert [vote.start for vote in votes_of("d", found, MINING, every=True)] == [0, 4]
    assert votes_of("d", [], MINING) == []


def test_three_types_at_their_thresholds_leave_the_best_on_top():
    schema = make_schema()
    three = replace(
        MINING,
        schema=type(schema)(types=(*schema.types, schema.types[0].model_copy(update={"name": "ORG"}))),
        calibrations={name: Calibration(0.1) for name in ("PER", "LOC", "ORG")},
    )
    (vote,) = votes_of("d", [(0, 3, 0, 0.098), (0, 3, 1, 0.099), (0, 3, 2, 0.0985)], three)
    assert vote.label == "PER"
