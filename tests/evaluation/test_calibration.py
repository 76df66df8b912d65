import numpy as np
import pytest

from silversmith.core import ConfigError
from silversmith.evaluation import expected_calibration_error, fit_temperature, nll, reliability, softmax


def test_bins_are_closed_on_the_right():
    table = reliability([0.0, 0.2, 0.2000001, 1.0], [0, 1, 1, 1], bins=5)
    assert [(one.low, one.count) for one in table] == [(0.0, 2), (0.2, 1), (0.8, 1)]


def test_ece_by_hand():
    # bins of 1/15: 0.9 -> twice, half right (gap 0.4); 0.5 -> once, right (gap 0.5)
    assert expected_calibration_error([0.9, 0.9, 0.5], [1, 0, 1]) == pytest.approx((2 * 0.4 + 0.5) / 3)
    assert expected_calibration_error([], []) == 0


def test_ece_of_calibrated_probabilities_is_small():
    dice = np.random.default_rng(0)
    p = dice.uniform(size=50_000)
    assert expected_calibration_error(p, dice.uniform(size=50_000) < p) < 0.01


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_temperature_is_found_again(temperature):
    dice = np.random.default_rng(1)
    scores = dice.normal(size=(20_000, 4)) * 3
    p = softmax(scores, temperature)
    gold = (p.cumsum(1) < dice.uniform(size=(len(p), 1))).sum(1).clip(max=3)
    found = fit_temperature(scores, gold)
    assert found == pytest.approx(temperature, rel=0.05)
    grid = [nll(scores, gold, t) for t in np.geomspace(0.05, 20, 200)]
    assert nll(scores, gold, found) <= min(grid) + 1e-9


def test_temperature_stays_in_its_range():
    scores = np.array([[1.0, 0.0], [1.0, 0.0]])
    assert fit_temperature(scores, [0, 0]) == pytest.approx(0.05, rel=1e-3)
    assert fit_temperature(scores, [1, 1]) == pytest.approx(20, rel=1e-3)
    assert fit_temperature(np.zeros((3, 2)), [0, 1, 0]) == 1


def test_softmax_holds_huge_scores():
    assert softmax([[1e5, 0.0]]).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("p", [[1.2], [-0.1], [float("nan")]])
def test_refuses_what_is_no_probability(p):
    with pytest.raises(ConfigError, match="E005"):
        reliability(p, [1])
    with pytest.raises(ConfigError, match="E005"):
        reliability([0.5], [1, 0])
