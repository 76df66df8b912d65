import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from silver_toy import LABELS, corpus

from silversmith.core import ConfigError, Document, Span
from silversmith.evaluation import exact_counts, score
from silversmith.silver import Noise, perturb_all
from silversmith.silver.agreement import count_agreement
from silversmith.silver.quality import (
    Sureness,
    estimate_quality,
    load_measured,
    quality_by_type,
    range_around,
    sureness,
)
from silversmith.silver.ranges import Range, logit, sigmoid, wilson

GOLD = corpus(60, mean=14, seed=3)


def noisy(seed, *noises):
    wanted = [Noise(kind, rate, seed=seed) for kind, rate in noises]
    return [one for one, _ in perturb_all(GOLD, wanted, LABELS)]


@pytest.mark.parametrize(
    "noises", [[("low_recall", 0.4)], [("low_precision", 0.3)], [("low_recall", 0.3), ("low_precision", 0.3)]]
)
def test_ranges_hold_the_truth_where_errors_are_independent(noises):
    sets = [noisy(seed, *noises) for seed in range(3)]
    found = estimate_quality(count_agreement(sets), kind="sources")
    truth = score(exact_counts(zip(GOLD, sets[0], strict=True)), "exact").micro
    assert truth.precision in found.precision
    assert truth.recall in found.recall
    assert max(found.precision.width, found.recall.width) <= 0.25


def test_seeds_are_believed_less_than_sources():
    agreement = count_agreement([noisy(seed, ("low_recall", 0.3)) for seed in range(3)])
    seeds, sources = (estimate_quality(agreement, kind=kind) for kind in ("seeds", "sources"))
    assert seeds.recall.value < sources.recall.value
    assert seeds.precision.value < sources.precision.value


def test_types_with_few_spans_get_no_range():
    sets = [noisy(seed, ("low_recall", 0.3)) for seed in range(3)]
    agreement = count_agreement(sets)
    assert set(quality_by_type(agreement)) == {
        label for label in LABELS if agreement.only(label).shared(0) >= 50
    }
    few = count_agreement([one[:4] for one in sets])
    assert quality_by_type(few) == {}
    with pytest.raises(ConfigError, match="Q006"):
        estimate_quality(few)


def test_sureness():
    document = Document("a", "abcd", tuple(Span(at, at + 1, "X", p) for at, p in enumerate((0.9, 0.7, 0.4))))
    found = sureness([document], 0.5)
    assert found is not None
    assert (found.mean, found.mass) == (pytest.approx(0.8), pytest.approx(0.8))
    assert sureness([Document("a", "ab", (Span(0, 1, "X"),))], 0.5) is None
    assert sureness([document], 0.95) is None


def test_sureness_is_used():
    agreement = count_agreement([noisy(seed, ("low_recall", 0.3)) for seed in range(3)])
    low, high = (estimate_quality(agreement, sure=Sureness(p, p)) for p in (0.4, 0.95))
    assert low.precision.value < high.precision.value


@given(st.floats(0.01, 0.99), st.floats(0.001, 0.5))
def test_ranges_are_ordered_and_grow_with_the_spread_of_counting(share, spread):
    curve = {"weights": [0.0, 1.0], "low": 0.2, "high": 0.3}
    one, wide = (range_around([1.0, logit(share)], curve, half) for half in (spread / 2, spread))
    assert 0 <= wide.low <= one.low <= one.value <= one.high <= wide.high <= 1
    assert one.value == pytest.approx(share)


def test_the_spread_of_counting_shrinks_with_the_documents():
    few, many = (
        count_agreement([noisy(seed, ("low_recall", 0.4))[:size] for seed in range(3)]) for size in (10, 60)
    )
    assert all(more < less for less, more in zip(few.spreads(), many.spreads(), strict=True))


def test_the_packaged_curves_are_whole():
    for kind in ("seeds", "sources", "seeds, scored"):
        for name in ("precision", "recall"):
            curve = load_measured()["curves"][kind][name]
            assert all(math.isfinite(weight) for weight in curve["weights"])
            assert curve["low"] > 0
            assert curve["high"] > 0


def test_unknown_kind():
    with pytest.raises(ConfigError, match=r'Q004.*"seeds"'):
        estimate_quality(count_agreement([GOLD] * 3), kind="seed")


@given(st.floats(-30, 30))
def test_sigmoid_and_logit(x):
    assert logit(sigmoid(x), edge=1e-15) == pytest.approx(x, abs=1e-2)


def test_wilson():
    assert wilson(0, 0) == Range(0, 0.5, 1)
    found = wilson(40, 50, z=1.959964)
    assert (found.low, found.high) == (pytest.approx(0.6696, abs=1e-4), pytest.approx(0.8876, abs=1e-4))
    assert wilson(0, 10).low == 0
    assert wilson(10, 10).high == 1
