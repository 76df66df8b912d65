import pytest

from silversmith.core import ConfigError, Document, Span
from silversmith.evaluation import link_spans, muc_tally, score

TEXT = "The cruiser Bogatyr met Ann and the Eminem Show in May near Rome today"


def span(words, label):
    start = TEXT.index(words)
    return Span(start, start + len(words), label)


GOLD = Document(
    "a",
    TEXT,
    (
        span("Bogatyr", "MISC"),
        span("Ann", "PER"),
        span("the Eminem Show", "MISC"),
        span("May", "TIME"),
        span("Rome", "LOC"),
    ),
)
PREDICTED = Document(
    "a",
    TEXT,
    (
        span("The cruiser Bogatyr", "PER"),  # INC: other offsets and type
        span("Ann", "PER"),  # COR
        span("Eminem Show", "MISC"),  # PAR
        span("May", "LOC"),  # INC: other type
        span("today", "TIME"),  # SPU; Rome is MIS
    ),
)


def test_by_hand():
    tally = muc_tally([(GOLD, PREDICTED)])
    assert tally.to_json() == {
        "correct": {"PER": 1},
        "partial": {"MISC": 1},
        "incorrect_gold": {"MISC": 1, "TIME": 1},
        "incorrect_predicted": {"PER": 1, "LOC": 1},
        "missing": {"LOC": 1},
        "spurious": {"TIME": 1},
    }
    paper, muc7 = score(tally.counts("paper")).micro, score(tally.counts("muc7")).micro
    assert (paper.precision, paper.recall, paper.f1) == (1.5 / 5, 1.5 / 5, pytest.approx(0.3))
    assert (muc7.precision, muc7.recall) == (1 / 5, 1 / 5)
    assert (paper.gold, paper.predicted) == (5, 5)


def test_links_say_how():
    kinds = [(link.kind, round(link.iou, 2)) for link in link_spans(GOLD, PREDICTED)]
    assert kinds == [
        ("correct", 1),
        ("wrong_boundary", 0.67),
        ("wrong_type", 1),
        ("wrong_both", 0.33),
        ("missing", 0),
        ("spurious", 0),
    ]


def test_every_span_is_linked_once_even_if_given_twice():
    twice = Span(0, 3, "X")
    gold = Document("a", TEXT, (twice, twice))
    kinds = [link.kind for link in link_spans(gold, Document("a", TEXT, (twice,)))]
    assert kinds == ["correct", "missing"]


def test_the_right_type_goes_before_the_same_offsets():
    gold = Document("a", TEXT, (Span(0, 11, "X"), Span(0, 19, "Y")))
    links = link_spans(gold, Document("a", TEXT, (Span(0, 11, "Y"),)))
    assert [link.kind for link in links] == ["wrong_boundary", "missing"]


def test_refuses_another_variant():
    with pytest.raises(ConfigError, match="E005"):
        muc_tally([(GOLD, PREDICTED)]).counts("muc5")
