"""Additive rules against loops, and sums that are exact."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from silversmith.sources.features.counts import Cached
from silversmith.sources.features.evidence import fit_rule
from silversmith.sources.features.options import Options

RULES = ["precision", "shrunk", "log_odds", "naive_bayes", "logistic"]


def spans(seed, rows=60, columns=5, classes=3):
    random = np.random.default_rng(seed)
    y = random.integers(0, classes, rows).astype(np.int32)
    x = random.normal(0, 1, (rows, columns))
    x[np.arange(rows), y] += 1.5
    return np.maximum(x, 0).astype(np.float32), y


def fitted(rule, seed=0, **changes):
    x, y = spans(seed)
    options = Options(rule=rule, n_min=2, n_hits=1, **changes)
    return fit_rule(Cached(csr_array(x), y, 3), options), x, y, options


def slow_rates(x, y, tau, alpha):
    """r_fy by counting."""
    total = [int((y == c).sum()) for c in range(3)]
    rates = np.zeros((x.shape[1], 3))
    for f in range(x.shape[1]):
        n = [sum(1 for i in range(len(y)) if y[i] == c and x[i, f] > tau[f]) for c in range(3)]
        mean = sum(n[c] / total[c] for c in range(3)) / 3
        rates[f] = [(n[c] + alpha * mean) / (total[c] + alpha) for c in range(3)]
    return rates


@given(st.integers(0, 500), st.sampled_from([None, 0.0, 50.0]))
def test_naive_bayes_equals_loops(seed, q):
    linear, x, y, options = fitted("naive_bayes", seed, q=q)
    tau = np.zeros(5) if q is None else [np.percentile(c[c > 0].astype(float), q) for c in x.T]
    rates = slow_rates(x, y, tau, options.alpha)
    scores = linear.scores(csr_array(x))
    for row in range(0, len(x), 7):
        active = [f for f in range(5) if x[row, f] > tau[f]]
        for c in range(3):
            parts = [math.log(rates[f, c]) - np.log(rates[f]).mean() for f in active]
            expected = sum(parts) / max(1, len(active)) ** options.rho
            assert scores[row, c] == pytest.approx(expected, abs=1e-9)


def test_log_odds_equals_loops():
    linear, x, y, options = fitted("log_odds", 3)
    rates = slow_rates(x, y, np.zeros(5), options.alpha)
    for f in range(5):
        for c in range(3):
            others = [rates[f, d] for d in range(3) if d != c]
            assert linear.weights[f, c] == pytest.approx(math.log(rates[f, c]) - math.log(sum(others) / 2))


def test_shrunk_precision_equals_loops():
    linear, x, y, _ = fitted("shrunk", 4, kappa=6.0)
    for f in range(5):
        active = x[:, f] > 0
        for c in range(3):
            hits = (active & (y == c)).sum()
            assert linear.weights[f, c] == pytest.approx((hits + 2) / (active.sum() + 6))


def test_ratio_counts_weak_latents_less():
    linear, x, _, _ = fitted("naive_bayes", 5, gate="ratio", q=50.0, rho=0.0)
    terms = linear.terms(csr_array(x)).toarray()
    np.testing.assert_allclose(terms, np.minimum(1, x[:, linear.columns] / linear.tau), rtol=1e-6)


@pytest.mark.parametrize("rule", RULES)
@given(seed=st.integers(0, 50))
def test_margins_are_sums_of_terms(rule, seed):
    """margin(y, y2) = b_y - b_y2 + sum of (c_fy - c_fy2), to 1e-9."""
    linear, x, _, _ = fitted(rule, seed, prior="counts")
    matrix = csr_array(x)
    terms, scores = linear.terms(matrix), linear.scores(matrix)
    for row in (0, 31):
        begin, end = terms.indptr[row], terms.indptr[row + 1]
        parts = terms.data[begin:end, None] * linear.weights[terms.indices[begin:end]]
        margin = linear.bias[0] - linear.bias[1] + math.fsum(parts[:, 0] - parts[:, 1])
        assert scores[row, 0] - scores[row, 1] == pytest.approx(margin, abs=1e-9)


def test_learned_weights_do_not_count_a_doubled_latent_twice():
    x, y = spans(8, rows=200)
    twice = np.concatenate([x, x[:, :1]], axis=1)
    options = Options(rule="logistic", strength=1.0, tolerance=1e-6)
    plain = fit_rule(Cached(csr_array(x), y, 3), options)
    doubled = fit_rule(Cached(csr_array(twice), y, 3), options)
    gap = np.abs(plain.scores(csr_array(x)) - doubled.scores(csr_array(twice)))
    bayes = [
        fit_rule(Cached(csr_array(m), y, 3), options.changed(rule="naive_bayes", rho=0.0)) for m in (x, twice)
    ]
    other = np.abs(bayes[0].scores(csr_array(x)) - bayes[1].scores(csr_array(twice)))
    assert gap.max() < other.max() / 2


def test_balanced_weights_help_the_rare_class():
    random = np.random.default_rng(0)
    y = (random.random(400) < 0.05).astype(np.int32)
    x = np.maximum(random.normal(0.3 * y[:, None], 1, (400, 4)), 0).astype(np.float32)
    found = [
        fit_rule(Cached(csr_array(x), y, 2), Options(rule="logistic", class_weight=w))
        .scores(csr_array(x))
        .argmax(1)
        for w in ("none", "balanced")
    ]
    assert found[0].sum() < found[1].sum()
