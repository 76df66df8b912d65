import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silversmith.core import ConfigError, Document, Span
from silversmith.evaluation.matching import assign, exact_labels, iou_matches
from silversmith.evaluation.units import iou, span_ranges

TEXT = "a b c d e f g h i j k l"


@st.composite
def span_sets(draw):
    starts = draw(
        st.lists(st.tuples(st.integers(0, 11), st.integers(1, 5), st.sampled_from("XY")), max_size=5)
    )
    return tuple(Span(2 * at, min(2 * (at + size) - 1, len(TEXT)), label) for at, size, label in starts)


def best_by_brute_force(gold, predicted, threshold):
    """(pairs, total IoU) of the best matching, by trying all of them."""
    left, right = span_ranges(gold, None), span_ranges(predicted, None)
    best = (0, 0.0)
    slots = [*range(len(predicted)), *[None] * len(gold)]
    for chosen in set(itertools.permutations(slots, len(gold))):
        values = [
            iou(left[one], right[other])
            for one, other in enumerate(chosen)
            if other is not None and gold[one].label == predicted[other].label
        ]
        values = [value for value in values if value >= threshold and value > 0]
        best = max(best, (len(values), sum(values)))
    return best


@given(
    span_sets().filter(lambda s: len(s) < 5),
    span_sets().filter(lambda s: len(s) < 5),
    st.sampled_from([0, 0.3, 0.5, 0.7]),
)
def test_iou_matching_equals_brute_force(gold, predicted, threshold):
    pairs = iou_matches(
        Document("a", TEXT, gold), Document("a", TEXT, predicted), threshold, unit="characters"
    )
    count, total = best_by_brute_force(gold, predicted, threshold)
    assert len(pairs) == count
    assert sum(value for _, _, value in pairs) == pytest.approx(total)
    assert all(one.label == other.label and value >= threshold for one, other, value in pairs)


@given(span_sets(), span_sets())
def test_exact_equals_iou_one_in_characters(gold, predicted):
    pairs = iou_matches(Document("a", TEXT, gold), Document("a", TEXT, predicted), 1, unit="characters")
    assert sorted(exact_labels(gold, predicted)) == sorted(one.label for one, _, _ in pairs)


def test_most_pairs_go_before_the_largest_total():
    # one pair of IoU 1 against two of 0.4: the greedy choice would leave two spans alone
    assert assign([(0, 0, 1.0), (0, 1, 0.4), (1, 0, 0.4)]) == [(0, 1, 0.4), (1, 0, 0.4)]
    assert assign([(0, 0, 0.9), (0, 1, 0.4)]) == [(0, 0, 0.9)]


def test_a_span_matches_once():
    gold = Document("a", TEXT, (Span(0, 7, "X"),))
    predicted = Document("a", TEXT, (Span(0, 3, "X"), Span(4, 7, "X")))
    assert len(iou_matches(gold, predicted, 0.3)) == 1


def test_words_and_characters_differ():
    text = "extraordinarily old"
    gold = Document("a", text, (Span(0, 19, "X"),))
    predicted = Document("a", text, (Span(16, 19, "X"),))
    assert iou_matches(gold, predicted, 0.5)
    assert not iou_matches(gold, predicted, 0.5, unit="characters")


def test_duplicates_match_one_to_one():
    one = Span(0, 1, "X")
    assert exact_labels([one], [one, one]) == ["X"]
    assert exact_labels([one, one], [one]) == ["X"]
    assert exact_labels([one, one], [one, one]) == ["X", "X"]


def test_fragments_must_be_the_same():
    broken = Span(0, 5, "X", fragments=((0, 1), (4, 5)))
    assert exact_labels([broken], [Span(0, 5, "X")]) == []
    assert exact_labels([broken], [broken]) == ["X"]


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_refuses_a_threshold_that_is_none(threshold):
    with pytest.raises(ConfigError, match="E005"):
        iou_matches(Document("a", TEXT), Document("a", TEXT), threshold)
