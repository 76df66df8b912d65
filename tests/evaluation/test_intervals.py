import numpy as np
import pytest

from silversmith.core import ConfigError
from silversmith.evaluation import (
    DocumentCounts,
    bootstrap,
    bootstrap_difference,
    bootstrap_mean,
    score,
    seed_interval,
)
from silversmith.evaluation.counts import Counts


def some_counts(seed=0, documents=60, right=0.7):
    dice = np.random.default_rng(seed)
    gold = dice.integers(1, 9, (documents, 2))
    tp = dice.binomial(gold, right)
    fp = dice.binomial(gold, 0.2)
    return DocumentCounts(("X", "Y"), np.stack([tp, fp, gold - tp], -1).astype(float))


def test_equals_a_slow_bootstrap():
    counts = some_counts(documents=12)
    found = bootstrap(counts, resamples=300, seed=5)
    dice = np.random.default_rng(5)
    drawn = []
    for size in (128, 128, 44):  # the draws are defined in chunks of 128
        for rows in dice.integers(0, 12, (size, 12)):
            table = counts.table[rows].sum(0)
            one = Counts(*({"X": row[0], "Y": row[1]} for row in table.T))
            drawn.append(score(one).weighted.f1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (found["weighted.f1"].low, found["weighted.f1"].high) == pytest.approx((low, high))
    assert found["weighted.f1"].value == pytest.approx(score(counts.total()).weighted.f1)
    assert found["type.X.recall"].value == pytest.approx(score(counts.total()).types["X"].recall)


def test_is_seeded():
    counts = some_counts()
    assert bootstrap(counts, seed=1) == bootstrap(counts, seed=1)
    assert bootstrap(counts, seed=1) != bootstrap(counts, seed=2)


def test_difference_is_paired():
    ours = some_counts(1)
    same = bootstrap_difference(ours, ours)["micro.f1"]
    assert (same.value, same.low, same.high) == (0, 0, 0)
    better = bootstrap_difference(some_counts(2, right=0.95), some_counts(2, right=0.5))["micro.f1"]
    assert 0 < better.low < better.value < better.high
    with pytest.raises(ConfigError, match="E005"):
        bootstrap_difference(ours, some_counts(documents=3))


def test_a_mean_by_groups_is_wider():
    groups = np.repeat(np.arange(50), 20)
    values = np.repeat(np.random.default_rng(0).integers(0, 2, 50), 20)
    single, grouped = bootstrap_mean(values), bootstrap_mean(values, groups)
    assert single.value == grouped.value
    assert grouped.high - grouped.low > 2 * (single.high - single.low)


def test_seeds():
    found = seed_interval([0.80, 0.82, 0.84])
    assert found.value == pytest.approx(0.82)
    assert found.high - found.value == pytest.approx(4.302653 * 0.02 / 3**0.5, rel=1e-5)
    assert seed_interval([0.5]).low == 0.5


@pytest.mark.parametrize(
    "call",
    [
        lambda: seed_interval([]),
        lambda: bootstrap(some_counts(), level=1.0),
        lambda: bootstrap(some_counts(documents=0)),
        lambda: bootstrap_mean([1.0], [1, 2]),
    ],
)
def test_refusals(call):
    with pytest.raises(ConfigError, match="E005"):
        call()
