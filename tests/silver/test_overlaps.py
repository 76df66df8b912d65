from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from silversmith.silver import resolve

SPANS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 5), st.sampled_from([0.1, 0.5, 0.9])), max_size=8
)


@given(SPANS, st.booleans())
def test_kept_spans_go_together_and_dropped_ones_clash_with_a_surer_one(rows, nested):
    spans = [(start, start + size) for start, size, _ in rows]
    p = [chance for *_, chance in rows]
    kept = resolve(spans, p, nested=nested)

    def clash(a, b):
        (a0, a1), (b0, b1) = spans[a], spans[b]
        apart = a1 <= b0 or b1 <= a0
        inside = (a0 <= b0 and b1 <= a1) or (b0 <= a0 and a1 <= b1)
        return not apart and not (nested and inside and spans[a] != spans[b])

    assert not any(clash(a, b) for a, b in combinations(kept, 2))
    for lost in set(range(len(spans))) - set(kept):
        assert any(clash(lost, one) and p[one] >= p[lost] for one in kept)
