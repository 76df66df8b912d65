"""Tags: every scheme there and back, told apart, repairs counted; a slow oracle of chunks."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silversmith.formats.losses import Losses
from silversmith.formats.tags import SCHEMES, TagDecoder, encode_tags


@st.composite
def chunked(draw):
    size = draw(st.integers(0, 12))
    cuts = draw(st.lists(st.integers(0, size), max_size=6, unique=True).map(sorted))
    pairs = [pair for pair in pairwise(cuts) if draw(st.booleans())]
    return size, [(first, last, draw(st.sampled_from(["A", "B-x", "I"]))) for first, last in pairs]


@pytest.mark.parametrize("scheme", SCHEMES)
@given(case=chunked())
def test_chunks_come_back_from_every_scheme_without_repairs(scheme, case):
    size, chunks = case
    tags = encode_tags(size, chunks, scheme)
    decoder = TagDecoder()
    assert decoder.decode(tags, list(range(size))) == chunks
    if decoder.scheme == scheme:
        losses = Losses()
        decoder.report(losses)
        assert not losses.repaired


def oracle(tags: list[str]) -> list[tuple[int, int, str]]:
    """The rules of the shared task's own scorer, as they are usually stated, on prefix and type."""
    chunks, start = [], None
    before, kind = "O", ""
    for place, tag in enumerate([*tags, "O"]):
        prefix, _, name = tag.partition("-")
        ends = before != "O" and (
            prefix in {"O", "B", "S", "U"} or before in {"E", "S", "L", "U"} or name != kind
        )
        if ends and start is not None:
            chunks.append((start, place, kind))
            start = None
        if prefix != "O" and start is None:
            start = place
        before, kind = prefix, name
    return chunks


@given(tags=st.lists(st.sampled_from(["O", *[f"{p}-{t}" for p in "BIESLU" for t in "XY"]]), max_size=10))
def test_any_sequence_is_decoded_as_the_oracle_does(tags):
    assert TagDecoder().decode(tags, list(range(len(tags)))) == oracle(tags)


@pytest.mark.parametrize(
    ("tags", "scheme", "repairs"),
    [
        ("I-A I-A O I-B B-B", "IOB1", 0),
        ("I-A O I-B", "IOB1", 0),
        ("B-A I-A O B-B", "IOB2", 0),
        ("B-A I-A O I-B", "IOB2", 1),
        ("B-A I-B", "IOB2", 1),
        ("B-A I-A E-A S-B O", "BIOES", 0),
        ("B-A I-A O S-B", "BIOES", 1),
        ("E-A S-B O", "BIOES", 1),
        ("B-A L-A U-B", "BILOU", 0),
        ("B-A O U-B", "BILOU", 1),
        ("B-A M-A E-A W-B", "BMEWO", 0),
        ("A A O B-x", "IOB2", 1),
        ("PER PER O LOC", "none", 0),
    ],
)
def test_schemes_are_told_apart_and_faults_counted(tags, scheme, repairs):
    decoder, losses = TagDecoder(), Losses()
    words = tags.split()
    decoder.decode(words, list(range(1, len(words) + 1)))
    decoder.report(losses)
    assert decoder.scheme == scheme
    broken = [tally.count for what, tally in losses.repaired.items() if what.startswith(scheme)]
    assert sum(broken) == repairs


def test_bare_letters_are_entities_without_a_name():
    assert TagDecoder().decode(["B", "I", "O", "B"], [1, 2, 3, 4]) == [(0, 2, "ENTITY"), (3, 4, "ENTITY")]


def test_repairs_name_their_lines():
    decoder, losses = TagDecoder(), Losses()
    decoder.decode(["B-A", "O", "I-A"], [7, 8, 9])
    decoder.report(losses)
    assert "repaired: 1 x IOB2 chunks without a beginning (made to begin) (line 9)" in losses.lines()
