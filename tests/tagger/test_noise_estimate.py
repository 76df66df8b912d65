"""The noise estimate: it follows what was removed, claims nothing on little data, and chooses a loss."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silversmith.core import Document, Span
from silversmith.tagger.noise_estimate import NoiseEstimate, choose_loss, estimate_noise


def document(number, rng):
    """A sentence of two names out of a hundred."""
    person, place = f"Ada{rng.randrange(50)}", f"Bern{rng.randrange(50)}"
    spans = (Span(0, len(person), "PER"), Span(len(person) + 6, len(person) + 6 + len(place), "LOC"))
    return Document(f"d{number}", f"{person} left {place}.", spans)


RNG = random.Random(1)
DOCUMENTS = [document(number, RNG) for number in range(800)]


def thinned(share, seed=0):
    rng = random.Random(seed)
    return [one.with_spans(span for span in one.spans if rng.random() >= share) for one in DOCUMENTS]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5, 0.7])
def test_it_finds_the_share_that_was_removed(share):
    assert estimate_noise(thinned(share)).missing == pytest.approx(max(0.0, 1 - (1 - share) / 0.92), abs=0.04)


@given(st.integers(0, 50))
def test_more_removed_is_never_less_missing(seed):
    few, many = (estimate_noise(thinned(share, seed)).missing for share in (0.2, 0.6))
    assert few < many


def test_types_that_disagree():
    rng = random.Random(0)
    mixed = [
        one.with_spans(Span(s.start, s.end, rng.choice(["PER", "LOC"])) for s in one.spans)
        for one in DOCUMENTS
    ]
    assert estimate_noise(mixed).disagreement == pytest.approx(0.5, abs=0.05)
    assert estimate_noise(DOCUMENTS).disagreement == 0


def test_parts_of_words_and_of_longer_names_are_no_misses():
    text = "Ada met Adam in New Ada Town . "
    spans = (Span(0, 3, "PER"), Span(16, 28, "LOC"))
    documents = [Document(f"d{n}", text, spans) for n in range(40)]
    assert estimate_noise(documents).recall == 1.0


def test_little_data_claims_nothing():
    estimate = estimate_noise(DOCUMENTS[:3])
    assert estimate.recall == 1.0
    assert choose_loss(estimate)[0] == "cross-entropy"
    assert "too few" in choose_loss(estimate)[2]


def test_the_choice_and_its_reason():
    assert choose_loss(NoiseEstimate(0.98, 0.01, 500))[0] == "cross-entropy"
    name, options, why = choose_loss(NoiseEstimate(0.5, 0.01, 500))
    assert (name, options) == ("robust", {"recall": 0.5})
    assert "50%" in why
    assert choose_loss(NoiseEstimate(0.98, 0.3, 500))[0] == "generalised"
