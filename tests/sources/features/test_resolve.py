"""Overlap resolution against the plain definition."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from silversmith.sources.features.resolve import resolve, resolve_table
from silversmith.sources.features.table import SpanTable, locate

SPANS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 6), st.sampled_from([0.2, 0.5, 0.9])), max_size=9
)


def slow(spans, p, nested):
    """Greedy, every pair looked at."""
    kept = []
    for i in sorted(range(len(spans)), key=lambda i: (-p[i], -(spans[i][1] - spans[i][0]), spans[i][0])):
        for j in kept:
            a, b = set(range(*spans[i])), set(range(*spans[j]))
            if a & b and not (nested and a != b and (a < b or b < a)):
                break
        else:
            kept.append(i)
    return sorted(kept, key=lambda i: spans[i])


@given(SPANS, st.booleans())
def test_equals_the_definition(rows, nested):
    spans, p = [(a, a + n) for a, n, _ in rows], [q for *_, q in rows]
    assert resolve(spans, p, nested=nested) == slow(spans, p, nested)


def test_the_surer_then_the_longer_then_the_left():
    assert resolve([(0, 5), (3, 9)], [0.6, 0.7]) == [1]
    assert resolve([(0, 5), (3, 9)], [0.6, 0.6]) == [1]
    assert resolve([(0, 5), (3, 8)], [0.6, 0.6]) == [0]
    assert resolve([(0, 9), (3, 5)], [0.6, 0.7], nested=True) == [0, 1]


def test_rows_of_each_document():
    spans = [np.array([(0, 2), (1, 3)], np.int32), np.empty((0, 2), np.int32), np.array([(0, 1)], np.int32)]
    offsets = np.array([(0, 4)], np.int32)
    tables = [locate(offsets, one, np.zeros(len(one), np.int32), document=i) for i, one in enumerate(spans)]
    p = np.array([[0.6, 0.4], [0.9, 0.1], [0.2, 0.8]])
    kept = list(resolve_table(SpanTable.join(tables), p, p.argmax(1), 3))
    assert [rows.tolist() for rows in kept] == [[1], [], []]
