"""The rules of normalisation, with what they damage in the original."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silversmith.sources.question.options import Rules
from silversmith.sources.question.questions import Question
from silversmith.sources.question.rules import asked_names, normalise

NAMES = asked_names([Question("PER", "actor", "Which actor?"), Question("LOC", "city", "Which city?")])


def left(text, rules=None, **changed):
    dropped = Counter()
    rules = rules or Rules(**changed)
    found = [text[a:b] for a, b in normalise(text, 0, len(text), rules, NAMES, dropped)]
    return found or dropped.most_common(1)[0][0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bonnie and Clyde", ["Bonnie", "Clyde"]),
        ("the Kinks", ["Kinks"]),
        ("the Who", "6: stop word"),  # rule 4 leaves "Who"
        ('"Alien"', ["Alien"]),
        ("U.S.", ["U.S."]),
        ("Hepatitis (B)", ["Hepatitis (B)"]),
        ("C++", ["C++"]),
        ("Yahoo!", ["Yahoo"]),
        ("Rome.", ["Rome"]),
        ("london", "3: no capital"),
        ("UN", "5: too short"),
        ("The", "5: too short"),
        ("This", "6: stop word"),
        ("Cities", "7: what was asked for"),
        ("--", "2: signs only"),
    ],
)
def test_rules(text, expected):
    assert left(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("U.S.", ["U.S"]), ("Hepatitis (B)", ["Hepatitis (B"]), ("C++", "5: too short")]
)
def test_as_published_it_damages_names(text, expected):
    assert left(text, faithful=True) == expected


def test_terms_keep_what_is_written_small():
    terms = Rules.of("terms")
    assert left("diabetes", terms) == ["diabetes"]
    assert left("head and neck cancer", terms) == ["head and neck cancer"]
    assert left("cities", terms) == "7: what was asked for"


@given(
    st.text(alphabet="aB .,()&-'\"é😀", max_size=40),
    st.integers(0, 20),
    st.integers(0, 20),
    st.booleans(),
)
def test_what_is_left_lies_inside_and_has_clean_edges(text, low, high, faithful):
    low, high = sorted((min(low, len(text)), min(high, len(text))))
    for start, end in normalise(text, low, high, Rules(faithful=faithful), NAMES, Counter()):
        assert low <= start < end <= high
        assert text[start:end] == text[start:end].strip()
