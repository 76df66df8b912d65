"""What changed between two labelled documents."""

from hypothesis import given
from hypothesis import strategies as st

from silversmith.core import Document, Span
from silversmith.evaluation.difference import differences

TEXT = "abcdefghijklmnopqrst"


def changes(before, after):
    pair = [Document("d", TEXT, tuple(Span(*one) for one in side)) for side in (before, after)]
    return [(one.kind, one.label, one.cause) for one in differences([tuple(pair)])]


def test_each_kind_with_its_cause():
    before = [(0, 2, "A", 0.5, "x"), (3, 5, "A", 0.5, "x"), (6, 8, "A"), (10, 12, "B", 0.5, "y")]
    after = [(0, 2, "B", 0.9, "y"), (3, 7, "A", 0.5, "x+y"), (14, 16, "A", 0.5, "z"), (10, 12, "B", 0.1, "w")]
    assert changes(before, after) == [
        ("relabelled", "B", "x -> y"),
        ("moved", "A", "x -> x+y"),
        ("removed", "A", "given -> none"),
        ("added", "A", "none -> z"),
    ]


def test_the_larger_overlap_is_the_one_that_moved():
    found = changes([(0, 6, "A")], [(5, 9, "A"), (0, 4, "A")])
    assert found == [("moved", "A", "given -> given"), ("added", "A", "none -> given")]


spans = st.lists(
    st.tuples(st.integers(0, 15), st.integers(1, 4), st.sampled_from("AB")),
    max_size=5,
    unique_by=lambda one: one[0],
).map(lambda some: sorted({(start, start + size, label) for start, size, label in some}))


@given(spans, spans)
def test_every_span_is_the_same_or_in_one_change(before, after):
    pair = [Document("d", TEXT, tuple(Span(*one) for one in side)) for side in (before, after)]
    found = list(differences([tuple(pair)]))
    old = [(c.before.start, c.before.end, c.before.label) for c in found if c.before]
    new = [(c.after.start, c.after.end, c.after.label) for c in found if c.after]
    assert sorted(old) == sorted(set(before) - set(after))
    assert sorted(new) == sorted(set(after) - set(before))
