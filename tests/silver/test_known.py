import numpy as np
import pytest

from silversmith.core import ConfigError, DataError, Document, Span
from silversmith.silver.known import Found, adjusted_precision, count_terms, read_terms

TEXT = "New York is north of York . Ada saw New York City and York ."


def spans(*pairs):
    found = []
    for words, nth, label in pairs:
        start = -1
        for _ in range(nth):
            start = TEXT.index(words, start + 1)
        found.append(Span(start, start + len(words), label))
    return Document("a", TEXT, tuple(found))


def test_terms_of_a_file():
    assert read_terms(["# list", "", "York\tLOC", " New York ", "Ada\t"]) == {
        "York": "LOC", "New York": None, "Ada": None
    }  # fmt: skip
    with pytest.raises(DataError, match="Q010"):
        read_terms(["# nothing", " "])


def test_occurrences_are_whole_words_and_the_longest():
    found = count_terms([spans()], {"York": None, "New York": None, "Yor": None})
    assert found == Found(4, 0)  # New York, York, New York, York


def test_marked_means_these_borders_and_this_type():
    document = spans(("New York", 1, "LOC"), ("York", 2, "PER"))
    assert count_terms([document], {"New York": None, "York": "LOC"}) == Found(4, 1)
    assert count_terms([document], {"York": None}) == Found(3, 1)  # York in New York is covered: no fair test


def test_a_longer_span_covers_an_occurrence():
    document = spans(("New York City", 1, "LOC"))
    assert count_terms([document], {"New York": None}) == Found(1, 0)


def test_share_is_a_wilson_range():
    share = (Found(10, 8) + Found(10, 8)).share
    assert share.value == 0.8
    assert 0.6 < share.low < 0.8 < share.high < 0.95


def test_adjusted_precision_on_a_made_up_world():
    rng = np.random.default_rng(0)
    for precision_of_world in (0.5, 0.8):
        entities, others, recall = 600, 3000, 0.7
        false = recall * entities * (1 - precision_of_world) / precision_of_world / others
        known = Found(400, int(rng.binomial(400, recall)))
        decoys = Found(2000, int(rng.binomial(2000, false)))
        marked = round(recall * entities + false * others)
        found = adjusted_precision(marked, entities + others, known, decoys)
        assert precision_of_world in found


def test_what_tells_nothing_is_refused():
    with pytest.raises(ConfigError, match="Q011"):
        adjusted_precision(10, 5, Found(10, 8), Found(10, 1))
    with pytest.raises(ConfigError, match="Q011"):
        adjusted_precision(5, 10, Found(10, 1), Found(10, 8))
    with pytest.raises(ConfigError, match="Q011"):
        adjusted_precision(5, 10, Found(0, 0), Found(10, 8))
