import pytest

from silversmith.core import ConfigError, Document, Span
from silversmith.evaluation.units import check_unit, iou, overlapping, span_ranges, word_ranges


def test_a_span_is_the_words_it_touches():
    document = Document("a", "Ann saw Mount Doom.")
    words = word_ranges(document)
    assert span_ranges([Span(8, 18, "LOC"), Span(9, 10, "LOC"), Span(0, 3, "PER")], words) == [
        ((2, 4),),
        ((2, 3),),
        ((0, 1),),
    ]


def test_own_words_come_first():
    document = Document("a", "New York", words=((0, 8),))
    assert span_ranges([Span(4, 8, "LOC")], word_ranges(document)) == [((0, 1),)]


def test_fragments_leave_out_what_lies_between():
    span = Span(0, 18, "X", fragments=((0, 4), (13, 18)))
    words = [(0, 4), (5, 8), (9, 12), (13, 18)]
    assert span_ranges([span], words) == [((0, 1), (3, 4))]
    assert span_ranges([span], None) == [((0, 4), (13, 18))]
    whole = span_ranges([Span(0, 18, "X")], words)[0]
    assert iou(whole, ((0, 1), (3, 4))) == 0.5


def test_a_span_without_words_equals_only_itself():
    one, other, word = span_ranges([Span(3, 4, "X"), Span(9, 10, "X"), Span(0, 3, "X")], [(0, 3)])
    assert iou(one, one) == 1
    assert iou(one, other) == iou(one, word) == 0


@pytest.mark.parametrize(
    ("a", "b", "value"),
    [((0, 2), (0, 2), 1), ((0, 2), (1, 3), 1 / 3), ((0, 2), (2, 4), 0), ((0, 10), (0, 3), 0.3)],
)
def test_iou(a, b, value):
    assert iou((a,), (b,)) == iou((b,), (a,)) == value


def test_overlapping_finds_what_a_double_loop_finds():
    gold = [((0, 9),), ((1, 2),), ((3, 5),), ((8, 12),), ((20, 21),)]
    predicted = [((4, 6),), ((2, 3),), ((11, 30),), ((40, 41),)]
    brute = {(i, j) for i, g in enumerate(gold) for j, p in enumerate(predicted) if iou(g, p) > 0}
    assert set(overlapping(gold, predicted)) == brute


def test_refuses_another_unit():
    with pytest.raises(ConfigError, match="E005"):
        check_unit("tokens")
