from silversmith.core import Document, Span
from silversmith.evaluation import token_counts

TEXT = "a b c d e"


def test_words_count_by_themselves():
    gold = Document("1", TEXT, (Span(0, 5, "X"),))
    predicted = Document("1", TEXT, (Span(0, 3, "X"), Span(6, 7, "Y")))
    counts = token_counts([(gold, predicted)])
    assert counts.to_json() == {"tp": {"X": 2, "Y": 0}, "fp": {"X": 0, "Y": 1}, "fn": {"X": 1, "Y": 0}}


def test_outside_may_be_a_class():
    gold = Document("1", TEXT, (Span(0, 5, "X"),))
    counts = token_counts([(gold, Document("1", TEXT))], outside=True)
    assert counts.to_json() == {"tp": {"O": 2, "X": 0}, "fp": {"O": 3, "X": 0}, "fn": {"O": 0, "X": 3}}


def test_nested_spans_give_a_word_two_types_and_one_type_only_once():
    gold = Document("1", TEXT, (Span(0, 9, "X"), Span(0, 1, "Y"), Span(0, 3, "X")))
    assert token_counts([(gold, gold)]).tp == {"X": 5, "Y": 1}
