"""BIOES tags: round trips, and which tag may follow which."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silversmith.tagger.tags import TagSet

TAGS = TagSet(("LOC", "PER"))


@st.composite
def flat_spans(draw):
    cuts = sorted(draw(st.sets(st.integers(0, 20), max_size=9)))
    pairs = [pair for pair in itertools.pairwise(cuts) if draw(st.booleans())]
    return 20, [(first, last, draw(st.sampled_from(TAGS.labels))) for first, last in pairs]


@given(flat_spans())
def test_spans_survive_the_tags(case):
    words, spans = case
    tags = TAGS.encode(words, spans)
    assert TAGS.decode(tags) == spans
    assert TAGS.first[tags[0]]
    assert TAGS.last[tags[-1]]
    assert all(TAGS.allowed[one, other] for one, other in itertools.pairwise(tags))


def test_the_rules_of_bioes_by_name():
    allowed = {
        (TAGS.names[one], TAGS.names[other]) for one, other in zip(*np.nonzero(TAGS.allowed), strict=True)
    }
    closed, opens = {"O", "E-LOC", "S-LOC", "E-PER", "S-PER"}, {"O", "B-LOC", "S-LOC", "B-PER", "S-PER"}
    inside = {(f"{a}-{name}", f"{b}-{name}") for name in TAGS.labels for a in "BI" for b in "IE"}
    assert allowed == {(one, other) for one in closed for other in opens} | inside


def test_an_unknown_label_is_no_tag():
    with pytest.raises(KeyError):
        TAGS.encode(3, [(0, 1, "ORG")])
