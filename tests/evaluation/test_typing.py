import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from silversmith.core import ConfigError, DataError, Document, Span, Vote
from silversmith.evaluation import confusion, gold_votes, score, top_n_accuracy, typing_counts, typing_errors


@given(st.lists(st.tuples(st.sampled_from("XYZ"), st.sampled_from("XYZO")), min_size=1))
def test_equals_sklearn(rows):
    gold, predicted = zip(*rows, strict=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = precision_recall_fscore_support(
            gold, predicted, labels=["X", "Y", "Z"], average="weighted", zero_division=0
        )
    weighted = score(typing_counts(gold, predicted)).weighted
    assert (weighted.precision, weighted.recall, weighted.f1) == pytest.approx(theirs[:3])


def test_outside_is_an_error_but_no_false_positive():
    counts = typing_counts(["X", "X"], ["X", "O"])
    assert counts.to_json() == {"tp": {"X": 1}, "fp": {"X": 0}, "fn": {"X": 1}}


def test_top_n():
    ranked = [["X", "Y"], ["O", "Y"], ["X", "O"]]
    gold = ["X", "Y", "Z"]
    assert [top_n_accuracy(gold, ranked, n) for n in (1, 2)] == [1 / 3, 2 / 3]
    assert top_n_accuracy([], [], 1) == 0


def test_confusion():
    table = confusion(["X", "Y", "Y"], ["Y", "Y", "O"])
    assert table.to_json() == {"labels": ["X", "Y", "O"], "matrix": [[0, 1, 0], [0, 1, 1], [0, 0, 0]]}


@pytest.mark.parametrize(
    "call",
    [
        lambda: typing_counts(["X"], []),
        lambda: typing_counts(["O"], ["X"]),
        lambda: top_n_accuracy(["X"], [["X"]], 0),
        lambda: confusion(["X"], []),
    ],
)
def test_refusals(call):
    with pytest.raises(ConfigError, match="E005"):
        call()


DOCUMENT = Document("d", "Atari and GB", (Span(0, 5, "MISC"), Span(10, 12, "ORG")))
VOTE = Vote("d", 0, 5, {"ORG": 0.483, "MISC": 0.478}, "test")


def test_votes_find_their_gold_spans():
    rows = [(span.label, vote) for _, span, vote in gold_votes([DOCUMENT], [[VOTE]])]
    assert rows == [("MISC", VOTE), ("ORG", None)]


def test_typing_errors_show_both_probabilities():
    first, second = (row.to_json() for row in typing_errors([DOCUMENT], [[VOTE]]))
    assert first == {
        "document": "d",
        "text": "Atari",
        "gold": "MISC",
        "predicted": "ORG",
        "p_predicted": 0.483,
        "p_gold": 0.478,
        "second": "MISC",
        "p_second": 0.478,
    }
    assert (second["predicted"], second["p_predicted"], second["p_gold"]) == ("O", 1.0, 0.0)


@pytest.mark.parametrize(
    ("votes", "code"),
    [([], "E006"), ([[Vote("e", 0, 5, {}, "test")]], "E006"), ([[VOTE, VOTE]], "E007")],
)
def test_votes_out_of_step(votes, code):
    with pytest.raises(DataError, match=code):
        list(gold_votes([DOCUMENT], votes))
