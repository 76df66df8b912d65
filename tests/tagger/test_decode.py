"""Viterbi and span probabilities against the enumeration of all legal sequences."""

import itertools

import numpy as np
import pytest

from silversmith.tagger.decode import Chain, best_tags
from silversmith.tagger.tags import TagSet

TAGS = TagSet(("LOC", "PER"))


def every_path(emission, transitions):
    """All legal sequences with their scores."""
    size = len(emission)
    found, emission = {}, emission.astype(np.float64)
    for path in itertools.product(range(len(TAGS)), repeat=size):
        if not (TAGS.first[path[0]] and TAGS.last[path[-1]]):
            continue
        if not all(TAGS.allowed[a, b] for a, b in itertools.pairwise(path)):
            continue
        score = sum(emission[t, tag] for t, tag in enumerate(path))
        found[path] = score + sum(transitions[a, b] for a, b in itertools.pairwise(path))
    return found


@pytest.mark.parametrize("learned", [False, True])
def test_against_enumeration(learned):
    rng = np.random.default_rng(3)
    emissions = [rng.normal(0, 2, (size, len(TAGS))).astype(np.float32) for size in (4, 1, 0, 3)]
    transitions = rng.normal(0, 1, (len(TAGS), len(TAGS))).astype(np.float32) if learned else None
    paths = best_tags(emissions, TAGS, transitions)
    chain = Chain.of(emissions, TAGS, transitions)
    table = transitions.astype(np.float64) if learned else np.zeros((len(TAGS), len(TAGS)))
    for number, emission in enumerate(emissions):
        if not len(emission):
            assert len(paths[number]) == 0
            continue
        every = every_path(emission, table)
        assert tuple(paths[number]) == max(every, key=every.__getitem__)
        total = sum(np.exp(score) for score in every.values())
        for first, last in itertools.combinations(range(len(emission) + 1), 2):
            for label in TAGS.labels:
                hits = sum(
                    np.exp(score)
                    for path, score in every.items()
                    if (first, last, label) in TAGS.decode(np.array(path))
                )
                assert chain.span(number, (first, last, label)) == pytest.approx(hits / total, rel=1e-9)


def test_probabilities_of_one_span_sum_to_at_most_one_and_extremes_stay_finite():
    emissions = [np.array([[1e4] + [-1e4] * 8, [-1e4] * 8 + [1e4], [0.0] * 9], np.float32)]
    chain = Chain.of(emissions, TAGS)
    (path,) = best_tags(emissions, TAGS)
    assert TAGS.names[path[1]] == "S-PER"
    found = chain.probabilities(0, 1, 2)
    assert found["PER"] == pytest.approx(1.0)
    assert 0 <= sum(found.values()) <= 1 + 1e-12


def test_a_long_sequence_does_not_underflow():
    rng = np.random.default_rng(0)
    emissions = [rng.normal(0, 5, (3000, len(TAGS))).astype(np.float32)]
    chain, (path,) = Chain.of(emissions, TAGS), best_tags(emissions, TAGS)
    values = [chain.span(0, span) for span in TAGS.decode(path)]
    assert len(values) > 100
    assert all(0 < value <= 1 for value in values)
