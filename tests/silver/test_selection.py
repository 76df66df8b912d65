import pytest

from silversmith.core import ConfigError, DataError, Document, Span, Vote
from silversmith.silver import Selection, document_votes, make_selection, select, select_all

TEXT = "Ada Lovelace met Charles Babbage in London"
DOCUMENT = Document("a", TEXT, meta={"lang": "en"})


def vote(words, source="features", **chances):
    start = TEXT.index(words)
    return Vote("a", start, start + len(words), chances, source)


def found(votes, selection=None):
    document = select(DOCUMENT, votes, selection)
    return [(document.covered(span), span.label, span.score, span.source) for span in document.spans]


def test_thresholds_by_type():
    votes = [vote("London", LOC=0.6, PER=0.3), vote("Charles Babbage", PER=0.6), vote("met", PER=0.4)]
    assert found(votes) == [("Charles Babbage", "PER", 0.6, "features"), ("London", "LOC", 0.6, "features")]
    strict = make_selection(["0.5", "PER=0.7"])
    assert [row[0] for row in found(votes, strict)] == ["London"]
    loose = make_selection(["0.3", "LOC=0.7"])  # the second best type takes over where it reaches its own
    assert ("London", "PER", 0.3, "features") in found(votes, loose)
    assert found(votes, make_selection(["0"], only=["PER"]))[-1][:2] == ("London", "PER")


def test_overlaps_and_nesting():
    votes = [vote("Ada Lovelace", PER=0.9), vote("Lovelace", PER=0.7), vote("Lovelace met", PER=0.8)]
    assert [row[0] for row in found(votes)] == ["Ada Lovelace"]
    assert [row[0] for row in found(votes, Selection(nested=True))] == ["Ada Lovelace", "Lovelace"]


def test_equal_spans_of_two_sources_become_one_that_names_both():
    votes = [vote("London", LOC=0.6), vote("London", "terms", LOC=0.8), vote("London", "llm", PER=0.7)]
    assert found(votes) == [("London", "LOC", 0.8, "features+terms")]


def test_meta_stays_and_old_spans_go():
    old = DOCUMENT.with_spans([Span(0, 3, "PER")])
    assert select(old, []).spans == ()
    assert [one.meta for one in select_all([(old, [])])] == [{"lang": "en"}]


def test_votes_of_another_document_are_refused():
    with pytest.raises(DataError, match=r"N002.*'a'"):
        select(DOCUMENT, [Vote("b", 0, 3, {"PER": 1.0}, "x")])


@pytest.mark.parametrize("word", ["high", "1.5", "-0.1", "PER=", "nan"])
def test_thresholds_that_are_none(word):
    with pytest.raises(ConfigError, match="N001"):
        make_selection([word])


def test_a_threshold_of_a_type_that_is_left_out():
    with pytest.raises(ConfigError, match=r'N001.*did you mean "PER"'):
        make_selection(["PEER=0.5"], only=["PER"])


def test_votes_that_a_silver_document_carries():
    start = TEXT.index("London")
    listed = [{"start": start, "end": start + 6, "top": [["LOC", 0.6], ["PER", 0.3], ["O", 0.1]]}]
    document = Document("a", TEXT, (Span(0, 3, "PER"), Span(start, start + 6, "LOC", 0.6, "features")))
    first, second = document_votes(Document("a", TEXT, document.spans, meta={"votes": listed}), "gold")
    assert (first.probabilities, first.source) == ({"PER": 1.0}, "gold")
    assert (second.probabilities, second.source) == ({"LOC": 0.6, "PER": 0.3}, "features")
    assert document_votes(Document("a", TEXT, document.spans, meta={"votes": "my own"}))[1].probabilities == {
        "LOC": 0.6
    }


def test_rounded_probabilities_make_no_impossible_vote():
    listed = [{"start": 0, "end": 3, "top": [["A", 0.333334], ["B", 0.333334], ["C", 0.333334]]}]
    document = Document("a", TEXT, (Span(0, 3, "A", 0.333334),), meta={"votes": listed})
    assert sum(document_votes(document)[0].probabilities.values()) <= 1 + 1e-9
