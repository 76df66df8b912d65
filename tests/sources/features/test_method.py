"""Equations 6 to 10 on hand-made caches, and against loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from silversmith.sources.features.counts import Cached
from silversmith.sources.features.method import decide, inference_matrix, precision, probabilities, wilson
from silversmith.sources.features.options import Options


def cached(rows, labels, classes=3):
    return Cached(csr_array(np.array(rows, np.float32)), np.array(labels, np.int32), classes)


def test_the_papers_example():
    """C_42 = [(0.8, ORG), (0.85, ORG), (0.20, LOC)]: the median is 0.8, and only 0.85 is above it."""
    c = cached([[0.8], [0.85], [0.2]], [0, 0, 1])
    tau = c.thresholds(50)
    assert tau[0] == pytest.approx(0.8)
    np.testing.assert_array_equal(c.hits(tau), [[1, 0, 0]])
    np.testing.assert_array_equal(precision(c.hits(tau)), [[1, 0, 0]])


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=12), st.floats(0, 100))
def test_thresholds_are_numpys_percentiles(values, q):
    values = np.array(values, np.float32)
    tau = cached(values[:, None], [0] * len(values)).thresholds(q)
    assert tau[0] == pytest.approx(np.percentile(values.astype(np.float64), q), rel=1e-6)


@pytest.mark.parametrize(("values", "left"), [([1.0], 0), ([2, 2, 2], 0), ([1, 2, 3, 4], 2)])
def test_strictly_above_the_median(values, left):
    c = cached([[v] for v in values], [0] * len(values))
    assert c.hits(c.thresholds(50)).sum() == left


def slow_matrix(x, y, classes, q, n_min, n_hits, t_p):
    """Equations 6 to 8, one latent at a time."""
    m = np.zeros((x.shape[1], classes))
    for f in range(x.shape[1]):
        cache = [(v, label) for v, label in zip(x[:, f], y, strict=True) if v > 0]
        if len(cache) < n_min:
            continue
        tau = np.percentile([float(v) for v, _ in cache], q)
        above = [label for v, label in cache if float(v) > tau]
        if len(above) < n_hits:
            continue
        share = [above.count(label) / len(above) for label in range(classes)]
        best = int(np.argmax(share))
        if share[best] >= t_p:
            m[f, best] = share[best]
    return m


@given(st.integers(0, 1000), st.sampled_from([0, 25, 50, 75]), st.sampled_from([0.3, 0.5, 0.9]))
def test_inference_matrix_equals_loops(seed, q, t_p):
    random = np.random.default_rng(seed)
    x = np.maximum(random.normal(0, 1, (40, 6)), 0).astype(np.float32)
    y = random.integers(0, 3, 40).astype(np.int32)
    options = Options.paper(q=float(q), t_p=t_p, n_min=5, n_hits=2)
    found = inference_matrix(Cached(csr_array(x), y, 3), options)
    m = np.zeros((6, 3))
    m[found.columns] = found.weights
    np.testing.assert_allclose(m, slow_matrix(x, y, 3, q, 5, 2, t_p))
    np.testing.assert_allclose(found.scores(csr_array(x)), x.astype(float) @ m, atol=1e-9)


def test_the_matrix_does_not_depend_on_an_increasing_scale():
    random = np.random.default_rng(0)
    x = np.maximum(random.normal(0, 1, (80, 5)), 0).astype(np.float32)
    y = random.integers(0, 3, 80).astype(np.int32)
    options = Options.paper(n_min=5, n_hits=2, t_p=0.3, q=50.0)
    # No interpolation between two values of an odd count, so the threshold is one of them.
    plain = inference_matrix(Cached(csr_array(x), y, 3), options.changed(q=0.0))
    mapped = inference_matrix(Cached(csr_array(np.log1p(x)), y, 3), options.changed(q=0.0))
    np.testing.assert_array_equal(plain.columns, mapped.columns)
    np.testing.assert_array_equal(plain.weights, mapped.weights)


def test_the_row_of_o_can_be_dropped():
    c = cached([[1.0 + i] for i in range(20)], [2] * 20)
    options = Options.paper(q=0.0)
    assert list(inference_matrix(c, options).strongest()) == [2]
    assert len(inference_matrix(c, options.changed(outside_row=False)).columns) == 0


def test_wilson_asks_more_of_rare_latents():
    assert wilson(np.array([[2.0, 0.0]]))[0, 0] < wilson(np.array([[50.0, 0.0]]))[0, 0] < 1
    assert wilson(np.array([[9.0, 1.0]]))[0, 0] == pytest.approx(0.5958, abs=1e-3)


def test_without_evidence_all_labels_are_alike_and_o_wins():
    """The paper's .083 is 1/12: eleven types and O, with nothing active."""
    scores, evident = np.zeros((1, 12)), np.array([False])
    p = probabilities(scores, 1.0, evident)
    np.testing.assert_allclose(p, 1 / 12)
    assert decide(scores, p, evident, Options.paper())[0] == 11


def test_confident_argmax():
    scores = np.array([[2.0, 0.0, 1.0], [0.2, 0.1, 0.0], [0.0, 0.0, 3.0]])
    evident = np.ones(3, bool)
    p = probabilities(scores, 1.0, evident)
    assert list(decide(scores, p, evident, Options.paper())) == [0, 2, 2]
    assert list(decide(scores, p, evident, Options.paper(t_conf=0.35))) == [0, 0, 2]
    by_score = Options.paper(confidence="score", t_conf=1.5)
    assert list(decide(scores, p, evident, by_score)) == [0, 2, 2]
    entity = Options.paper(confidence="entity", t_conf=0.6)
    assert list(decide(scores, p, evident, entity)) == [0, 0, 2]
