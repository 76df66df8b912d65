"""Short forms and long forms of a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silversmith.text.abbreviations import find_abbreviations, find_long_form


def pairs(text):
    return [(text[slice(*one.short)], text[slice(*one.long)]) for one in find_abbreviations(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Adenomatous polyposis coli (APC) is rare.", [("APC", "Adenomatous polyposis coli")]),
        ("the ATM (ataxia telangiectasia mutated) gene", [("ATM", "ataxia telangiectasia mutated")]),
        ("non-Hodgkin lymphoma (NHL)", [("NHL", "non-Hodgkin lymphoma")]),
        ("World Health Organization [WHO; Geneva]", [("WHO", "World Health Organization")]),
        ("the patient (HIV or not) left", []),  # no long form before it
        ("He (she) said", []),
        ("Gulf War (1991) ended", []),  # no letter
        ("a very long form that ends here (ABCDEFGHIJKLM)", []),  # too long a short form
        ("heat shock protein (heat)", []),  # the short form is a word of the long one
        ("bad [( brackets", []),
    ],
)
def test_pairs(text, expected):
    assert pairs(text) == expected


def test_the_first_letter_stands_at_the_start_of_a_word():
    assert find_long_form("DM", "wisdom of diabetes mellitus") == 10
    assert find_long_form("WD", "xwater deluge") is None


def test_the_longest_reach_is_twice_the_short_form():
    assert pairs("alpha one two three four five six seven beta (AB)") == []
    assert pairs("alpha one two beta (AB)") == [("AB", "alpha one two beta")]


@given(st.text(alphabet="ab (A)[]B.;é", max_size=60))
def test_ranges_lie_inside_and_apart(text):
    for one in find_abbreviations(text):
        for low, high in one:
            assert 0 <= low < high <= len(text)
        assert one.short[1] <= one.long[0] or one.long[1] <= one.short[0]
