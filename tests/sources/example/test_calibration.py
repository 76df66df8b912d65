"""Thresholds and probabilities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silversmith.sources.example.calibration import Calibration, decoy_threshold, fit_answers, isotonic


def test_one_half_at_the_threshold():
    one = Calibration(0.2)
    assert one.probability(0.0) == 1.0
    assert one.probability(0.2) == pytest.approx(0.5)
    assert one.probability(1e9) > 0
    assert Calibration.of_json(one.to_json()) == one


def test_a_threshold_by_probability_moves_no_probability():
    one = Calibration(0.2).at_probability(0.25)
    assert one.threshold == pytest.approx(0.4)
    assert one.probability(0.2) == pytest.approx(0.5)
    assert one.at_probability(0.5).threshold == pytest.approx(0.2)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_isotonic_falls_and_nothing_nearer_does(values):
    found = isotonic(values)
    assert all(np.diff(found) <= 1e-12)
    assert found.sum() == pytest.approx(sum(values))
    loss = ((found - values) ** 2).sum()
    draws = np.sort(np.random.default_rng(0).random((50, len(values))), axis=1)[:, ::-1]
    assert loss <= ((draws - values) ** 2).sum(axis=1).min() + 1e-9


def test_decoys_by_brute_force():
    random = np.random.default_rng(1)
    scores, decoys = random.random(60), 0.4 + 0.6 * random.random(30)
    found = decoy_threshold(scores, decoys, 0.1)
    good = [t for t in scores if (decoys <= t).mean() <= 0.1 * (scores <= t).mean()]
    assert found == max(good)
    assert decoy_threshold(scores, [0.0], 0.1) is None
    assert decoy_threshold([], [], 0.1) is None


def test_answers_give_the_largest_threshold_of_the_precision():
    answers = [(0.01 * n, n < 20) for n in range(30)]
    found = fit_answers(answers, 0.9)
    assert found is not None
    assert found.threshold == pytest.approx(0.21)  # 20 of 22 are right
    assert found.low < 20 / 22 < found.high
    assert found.probability(0.0) == 1.0
    assert found.probability(0.29) < 0.01
    assert found.at_probability(0.5).threshold == pytest.approx(0.19)
    assert fit_answers([(0.1, False), (0.2, False)], 0.9) is None
