from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_heads import tiny_encoded, tiny_heads

from silversmith.candidates import (
    PRESETS,
    Candidate,
    Mentioned,
    Names,
    NGrams,
    Numbers,
    Reading,
    Union,
    preset,
    read,
)
from silversmith.core import ConfigError, Document

TEXT = "Ada Brisk paid $20 million to the University of Northport in March 1963. (The End) — ok."


@pytest.mark.parametrize("name", list(PRESETS))
@given(text=st.text(st.characters(codec="utf-8"), max_size=60) | st.just(TEXT), heads=st.booleans())
def test_candidates_are_distinct_sorted_and_cut_between_words(name: str, text: str, heads: bool) -> None:
    document = Document("d", text)
    union = preset(name, tiny_heads() if heads else None)
    found = union.propose(document, tiny_encoded(text) if heads else None)
    spans = [(one.start, one.end) for one in found]
    assert spans == sorted(set(spans))
    words = read(document).words
    starts, ends = {start for start, _ in words}, {end for _, end in words}
    for one in found:
        assert one.start in starts
        assert one.end in ends
        assert one.origins == tuple(sorted(set(one.origins))) != ()
        assert any(char.isalnum() for char in text[one.start : one.end])
        assert (one.mention is None) == (not heads)
        assert one.mention is None or 0 <= one.mention <= 1


def test_origins_of_several_rules_are_joined() -> None:
    found = {
        TEXT[one.start : one.end]: one
        for one in Union([Names(), NGrams(2), Numbers()]).propose(Document("d", TEXT))
    }
    assert found["Ada Brisk"] == Candidate(0, 9, ("n-gram", "name"), None)
    assert found["20 million"].origins == ("n-gram", "number")


def test_every_drop_has_a_counted_reason() -> None:
    union = Union([NGrams(8), Names(), Numbers()], longest=3)
    proposed = sum(1 for rule in union.rules for _ in rule.find(read(Document("d", TEXT))))
    found = union.propose(Document("d", TEXT))
    assert union.dropped["too long"] > 0
    assert union.dropped["duplicate"] > 0
    assert len(found) + union.dropped.total() == proposed


class Given:
    """A rule that proposes given spans."""

    name = "given"

    def __init__(self, *spans: tuple[int, int]) -> None:
        self._spans = spans

    def find(self, reading: Reading) -> list[tuple[int, int, str]]:
        return [(first, last, self.name) for first, last in self._spans]


def test_signs_and_sentence_borders() -> None:
    union = Union([Given((0, 1), (1, 2), (0, 4), (2, 3), (4, 6))])
    found = union.propose(Document("d", "Ada , left . Then sat ."))
    assert [(one.start, one.end) for one in found] == [(0, 3), (6, 10), (13, 21)]
    assert dict(union.dropped) == {"duplicate": 0, "signs only": 1, "sign at an end": 1}
    across = Union([Given((2, 5))])
    assert across.propose(Document("d", "Ada , left . Then sat .")) == []
    assert across.dropped["across sentences"] == 1


def test_a_likelihood_is_asked_only_where_heads_tell_one() -> None:
    document, encoded = Document("d", TEXT), tiny_encoded(TEXT)
    everything = Union([NGrams(3)], tiny_heads()).propose(document, encoded)
    strict = Union([NGrams(3), Numbers()], tiny_heads(), least={"n-gram": 0.9})
    kept = strict.propose(document, encoded)
    assert 0 < len(kept) < len(everything)
    assert all((one.mention or 0) >= 0.9 or "number" in one.origins for one in kept)
    assert strict.dropped["unlikely mention"] > 0
    blind = Union([NGrams(3)], least={"n-gram": 0.9})
    assert len(blind.propose(document)) == len(everything)


def test_mentions_are_proposed_above_their_threshold() -> None:
    document, encoded = Document("d", TEXT), tiny_encoded(TEXT)
    for least in (0.1, 0.6):
        found = Union([Mentioned(least)], tiny_heads()).propose(document, encoded)
        assert found
        assert all(one.mention is not None and one.mention >= least for one in found)
    assert Union([Mentioned(0.1)]).propose(document) == []


def test_identity_tells_all_that_decides() -> None:
    union = preset("general", tiny_heads())
    identity = union.identity()
    assert json.loads(json.dumps(identity)) == identity
    assert union.taps == (1, 3)
    assert preset("general").taps == ()
    assert identity != preset("anatomy", tiny_heads()).identity()
    assert Union([NGrams(2)]).identity() != Union([NGrams(3)]).identity()
    assert Union([NGrams(2)], least={"n-gram": 0.5}).identity() != Union([NGrams(2)]).identity()


@pytest.mark.parametrize("name", list(PRESETS))
def test_no_preset_is_silent_without_heads(name: str) -> None:
    assert preset(name).propose(Document("d", TEXT))


def test_an_unknown_preset_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"T001.*general"):
        preset("genral")
