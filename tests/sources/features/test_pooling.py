"""Span vectors against loops over dense arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from silversmith.sources.features.options import Options
from silversmith.sources.features.pooling import norm_weights, pool, rescale, top_k, vector_width
from silversmith.sources.features.table import SpanTable, locate

MAPS = {
    "raw": lambda x: x,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "binary": lambda x: (x > 0).astype(np.float32),
    "log": lambda x: np.maximum(np.log(np.maximum(x, 1e-9)), 0),
}


@st.composite
def stacked(draw):
    """Activations of two documents and spans in them."""
    seed = draw(st.integers(0, 10_000))
    random = np.random.default_rng(seed)
    sizes = [draw(st.integers(1, 6)), draw(st.integers(1, 6))]
    dense = np.maximum(random.normal(-0.3, 1.5, (sum(sizes), 7)), 0).astype(np.float32)
    tables, low = [], 0
    for number, size in enumerate(sizes):
        offsets = np.array([(3 * i, 3 * i + 2) for i in range(size)], np.int32)
        first = random.integers(0, size, 3)
        last = np.array([random.integers(one, size) for one in first]) + 1
        spans = np.stack([3 * first, 3 * last - 1], axis=1).astype(np.int32)
        tables.append(locate(offsets, spans, np.zeros(3, np.int32), document=number, low=low))
        low += size
    return dense, SpanTable.join(tables)


def slow(dense, table, options):
    """Every role, one span at a time."""
    scaled = MAPS[options.token_scale](dense * np.float32(options.token_gain))
    rows = []
    for i in range(len(table)):
        first, last, low, high = (int(one[i]) for one in (table.first, table.last, table.low, table.high))
        inside, parts = np.arange(first, last), []
        if options.pieces == "first":
            inside = inside[:1]
        if options.pieces == "last":
            inside = inside[-1:]
        for role in options.roles:
            if role == "span":
                norms = np.linalg.norm(dense[inside], axis=1)
                weights = np.full(len(inside), 1 / len(inside))
                if options.pooling == "norm" and norms.sum() > 0:
                    weights = norms / norms.sum()
                parts.append(scaled[inside].max(0) if options.pooling == "max" else weights @ scaled[inside])
                continue
            at = {"first": inside[0], "last": inside[-1], "left": inside[0] - 1, "right": inside[-1] + 1}[
                role
            ]
            parts.append(scaled[at] if low <= at < high else np.zeros(7))
        rows.append(MAPS[options.span_scale](np.concatenate(parts)))
    return np.array(rows)


@given(
    stacked(),
    st.sampled_from(["norm", "mean", "max"]),
    st.sampled_from(sorted(MAPS)),
    st.sampled_from(sorted(MAPS)),
    st.sampled_from(["all", "first", "last"]),
)
def test_equals_loops(data, pooling, token_scale, span_scale, pieces):
    dense, table = data
    options = Options(
        pooling=pooling, token_scale=token_scale, span_scale=span_scale, pieces=pieces, cues=False
    )
    found = pool(csr_array(dense), table, options)
    assert found.shape == (len(table), vector_width(7, options))
    np.testing.assert_allclose(found.toarray(), slow(dense, table, options), rtol=1e-4, atol=1e-5)


@given(stacked(), st.integers(1, 8))
def test_top_k_keeps_the_largest_and_ties_by_column(data, k):
    dense, _ = data
    dense = np.round(dense)  # ties
    found = top_k(csr_array(dense), k).toarray()
    for row, kept in zip(dense, found, strict=True):
        order = sorted(np.flatnonzero(row), key=lambda j: (-row[j], j))[:k]
        expected = np.zeros_like(row)
        expected[order] = row[order]
        np.testing.assert_array_equal(kept, expected)


def test_norm_weights_sum_to_one_and_are_uniform_without_activations():
    offsets = np.array([(0, 1), (2, 3), (4, 5)], np.int32)
    table = locate(offsets, np.array([(0, 3), (2, 5)], np.int32), np.zeros(2, np.int32))
    np.testing.assert_allclose(norm_weights(table, np.array([3, 1, 0], np.float32)), [0.75, 0.25, 1, 0])
    np.testing.assert_allclose(norm_weights(table, np.zeros(3, np.float32)), [0.5] * 4)


def test_nothing_wide_is_ever_dense(monkeypatch, corpus):
    def refuse(*_, **__):
        raise AssertionError("a dense copy of a sparse matrix")

    monkeypatch.setattr(csr_array, "toarray", refuse)
    monkeypatch.setattr(csr_array, "todense", refuse)
    for options in (Options(), Options.paper(), Options(pooling="max")):
        pool(corpus.matrix, corpus.gold, options)


def test_pieces_that_touch_the_span_count_and_neighbours_do_not():
    offsets = np.array([(0, 3), (3, 6), (7, 9)], np.int32)
    spans = np.array([(2, 4), (3, 6), (6, 7), (8, 12)], np.int32)
    table = locate(offsets, spans, np.zeros(4, np.int32))
    assert list(zip(table.first, table.last, strict=True)) == [(0, 2), (1, 2), (2, 2), (2, 3)]


def test_density_mask_comes_before_top_k():
    x = csr_array(np.array([[3.0, 2.0, 1.0]], np.float32))
    table = locate(np.array([(0, 1)], np.int32), np.array([(0, 1)], np.int32), np.zeros(1, np.int32))
    options = Options.paper(k=1, span_scale="raw")
    found = pool(x, table, options, np.array([True, False, False]))
    np.testing.assert_array_equal(found.toarray(), [[0, 2, 0]])


def test_an_unknown_scale_is_refused_and_log_drops_what_is_not_positive():
    assert rescale(csr_array(np.array([[0.5, 2.0]], np.float32)), "log").nnz == 1
    with pytest.raises(Exception, match="M002"):
        Options().changed(span_scale="cube")
