"""Vote and Evidence: probabilities that are some, and parts that add up."""

from __future__ import annotations

import math

import pytest

from silversmith.core import DataError, Evidence, Leaf, Vote


def vote(**probabilities: float) -> Vote:
    return Vote("a", 0, 3, probabilities, "test")


def test_the_remainder_is_no_entity():
    one = vote(PER=0.3, LOC=0.2)
    assert one.outside == pytest.approx(0.5)
    assert (one.label, one.probability) == ("O", one.outside)
    assert one.span().label == "PER"
    assert [name for name, _ in one.top(2)] == ["O", "PER"]


def test_ties_are_alphabetical():
    assert vote(PER=0.5, LOC=0.5).label == "LOC"


def test_a_sum_a_rounding_above_one_is_allowed():
    assert vote(PER=0.5, LOC=0.5 + 5e-7).outside == 0.0


@pytest.mark.parametrize("values", [{"PER": -0.1}, {"PER": 1.1}, {"PER": math.nan}, {"PER": 0.6, "LOC": 0.5}])
def test_numbers_that_are_no_probabilities(values):
    with pytest.raises(DataError, match=r"V001.*document 'a' \[0, 3\)"):
        vote(**values)


def test_the_span_carries_score_and_source():
    span = vote(PER=0.9).span()
    assert (span.start, span.end, span.score, span.source) == (0, 3, 0.9, "test")


def test_leaves_and_calibration_add_up():
    leaves = (Leaf("latent 3", {"PER": 1.25, "LOC": -0.5}), Leaf("bias", {"PER": -0.25}))
    evidence = Evidence(leaves, {"PER": -1.5, "LOC": -2.0})
    assert evidence.score("PER") == 1.0
    assert evidence.score("ORG") == 0.0
    assert evidence.log_probability("PER") == -0.5
    assert evidence.log_probability("LOC") == -2.5


def test_small_leaves_are_not_lost_beside_large_ones():
    leaves = (Leaf("big", {"X": 1e16}), Leaf("small", {"X": 1.0}), Leaf("minus", {"X": -1e16}))
    assert Evidence(leaves).score("X") == 1.0
