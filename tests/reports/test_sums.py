import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silversmith.core import Evidence, Leaf, Vote
from silversmith.reports.sums import shown_labels, sum_rows

VALUES = st.floats(-30, 30)
EVIDENCE = st.builds(
    lambda leaves, c: Evidence(
        tuple(Leaf(f"leaf {i}", {"A": a, "B": b}) for i, (a, b) in enumerate(leaves)), {"A": c, "B": -c}
    ),
    st.lists(st.tuples(VALUES, VALUES), max_size=30),
    VALUES,
)


def number(text):
    return Fraction(text.replace("−", "-"))


@given(EVIDENCE, st.none() | st.integers(1, 10))
def test_printed_columns_add_up_exactly(evidence, limit):
    rows = sum_rows(evidence, ["A", "B"], limit)
    by_kind = {row.kind: row for row in rows}
    for column in range(2):
        parts = sum(number(row.printed[column]) for row in rows if row.kind in {"leaf", "rest"})
        assert parts == number(by_kind["score"].printed[column])
        assert parts + number(by_kind["calibration"].printed[column]) == number(
            by_kind["total"].printed[column]
        )


@given(EVIDENCE, st.none() | st.integers(1, 10))
def test_exact_values_are_those_of_the_evidence(evidence, limit):
    rows = sum_rows(evidence, ["A", "B"], limit)
    parts = [row for row in rows if row.kind in {"leaf", "rest"}]
    for column, label in enumerate(["A", "B"]):
        assert math.fsum(row.values[column] for row in parts) == pytest.approx(
            evidence.score(label), abs=1e-9
        )
        assert rows[-1].values[column] == evidence.log_probability(label)
        for above, below in itertools.pairwise(parts):
            assert above.ends[column] == below.starts[column]


def test_bias_comes_first_then_the_weightiest_and_the_rest_is_one_row():
    leaves = [
        Leaf("small", {"A": 0.1}),
        Leaf("smaller", {"A": -0.05}),
        Leaf("big", {"A": -3.0}),
        Leaf("bias", {"A": 0.2}),
    ]
    rows = sum_rows(Evidence(tuple(leaves)), ["A"], limit=2)
    assert [(row.kind, row.name) for row in rows] == [
        ("leaf", "bias"), ("leaf", "big"), ("rest", "2 smaller parts"), ("score", "score")
    ]  # fmt: skip


def test_one_row_too_many_is_shown_rather_than_called_one_smaller_part():
    leaves = tuple(Leaf(str(i), {"A": 1.0}) for i in range(3))
    assert [row.kind for row in sum_rows(Evidence(leaves), ["A"], limit=2)].count("leaf") == 3


def test_without_calibration_there_is_no_total():
    rows = sum_rows(Evidence((Leaf("x", {"A": 1.0}),), {"B": 0.5}), ["A", "B"])
    assert rows[-1].kind == "score"


def test_no_leaf_gives_a_zero_score():
    rows = sum_rows(Evidence((), {"A": -0.5}), ["A"])
    assert [row.printed for row in rows] == [("+0.000",), ("−0.500",), ("−0.500",)]


def test_shown_labels_are_the_most_probable_that_evidence_knows():
    vote = Vote("d", 0, 1, {"A": 0.1, "B": 0.5, "C": 0.2}, "x")
    assert shown_labels(vote, Evidence((Leaf("l", {"A": 1.0, "B": 0.0}),), {"O": 1.0})) == ["B", "O", "A"]
    assert shown_labels(vote, Evidence((Leaf("l", {"C": 1.0}),))) == ["C"]
