"""Fusing: recovery of known reliabilities, decoding against brute force, evidence, refusals."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silversmith.core import ConfigError, DataError, Document, Vote
from silversmith.silver.fusing import fuse, make_fusion_options, make_table, schedule
from silversmith.silver.fusing.candidates import BESIDE, SILENT

WORDS = 12
TYPES = ("A", "B")


def world(count=400, seed=0):
    """Documents of 12 words "w00 w01 ..." and their true spans (single words)."""
    rng = np.random.default_rng(seed)
    documents, truth = [], []
    for n in range(count):
        text = " ".join(f"w{k:02}" for k in range(WORDS))
        documents.append(Document(f"d{n}", text))
        truth.append({(4 * k, 4 * k + 3): TYPES[rng.integers(2)] for k in range(WORDS) if rng.random() < 0.3})
    return documents, truth


def source(truth, recall, precision, seed, p=0.9):
    """Votes of a source that finds `recall` of the truth, with false ones to reach `precision`."""
    rng = np.random.default_rng(seed)
    found = []
    for spans in truth:
        mine = {place: kind for place, kind in spans.items() if rng.random() < recall[kind]}
        for k in range(WORDS):
            place = (4 * k, 4 * k + 3)
            for kind in TYPES:
                false = 0.15 * recall[kind] * (1 - precision[kind]) / precision[kind] / 0.7
                if place not in spans and place not in mine and rng.random() < false:
                    mine[place] = kind
        found.append([Vote("x", *place, {kind: p}, "s") for place, kind in sorted(mine.items())])
    return found


def renamed(documents, votes):
    return [
        [Vote(one.id, v.start, v.end, v.probabilities, v.source) for v in some]
        for one, some in zip(documents, votes, strict=True)
    ]


def f1(truth, found):
    right = total = gold = 0
    for spans, votes in zip(truth, found, strict=True):
        mine = {(v.start, v.end): v.label for v in votes}
        right += sum(spans.get(place) == kind for place, kind in mine.items())
        total, gold = total + len(mine), gold + len(spans)
    return 2 * right / (total + gold)


def both(a, b=None):
    return {"A": a, "B": a if b is None else b}


@pytest.fixture(scope="module")
def three():
    documents, truth = world()
    sets = [
        source(truth, both(0.8, 0.3), both(0.9, 0.5), 1),
        source(truth, both(0.4, 0.8), both(0.5, 0.9), 2),
        source(truth, both(0.6), both(0.6), 3),
    ]
    return documents, truth, [renamed(documents, one) for one in sets]


def test_better_than_each_source_and_than_the_majority(three):
    documents, truth, votes = three
    names = ["a", "b", "c"]
    model = fuse(documents, votes, names)
    assert model.method == "label-model"
    ours = f1(truth, list(model.votes(documents)))
    alone = [f1(truth, one) for one in votes]
    counted = fuse(documents, votes, names, make_fusion_options(method="majority"))
    assert ours > max(alone) + 0.05
    assert ours > f1(truth, list(counted.votes(documents))) + 0.02


def test_reliabilities_are_recovered(three):
    documents, truth, votes = three
    trust = fuse(documents, votes, ["a", "b", "c"]).reliability()
    for name, mine in zip("abc", votes, strict=True):
        for kind in TYPES:
            named = [(n, v) for n, some in enumerate(mine) for v in some if v.label == kind]
            right = sum(truth[n].get((v.start, v.end)) == kind for n, v in named) / len(named)
            assert trust[name][kind]["precision"] == pytest.approx(right, abs=0.12)


def test_the_hmm_runs_and_helps(three):
    documents, truth, votes = three
    found = fuse(documents, votes, ["a", "b", "c"], make_fusion_options(method="hmm"))
    assert f1(truth, list(found.votes(documents))) > min(f1(truth, one) for one in votes)
    assert np.isfinite(found.q).all()


def test_copies_share_a_vote():
    documents, truth = world()
    weak = renamed(documents, source(truth, both(0.5), both(0.4), 5))
    good = renamed(documents, source(truth, both(0.7), both(0.9), 6))
    other = renamed(documents, source(truth, both(0.7), both(0.8), 7))
    found = fuse(documents, [weak, weak, good, other], ["weak", "copy", "good", "other"])
    assert found.model.weights.tolist() == [0.5, 0.5, 1.0, 1.0]
    plain = fuse(documents, [weak, good, other], ["weak", "good", "other"])
    assert f1(truth, list(found.votes(documents))) > f1(truth, list(plain.votes(documents))) - 0.05


def test_two_that_always_agree_and_one_that_answers_nothing(three):
    documents, _, votes = three
    empty = [[] for _ in documents]
    found = fuse(documents, [votes[0], votes[0], empty], ["a", "b", "none"])
    assert np.isfinite(found.q).all()
    assert found.reliability()["none"]["A"]["spans"] == 0
    assert list(found.votes(documents))


def test_few_sources_fall_back_and_say_so(three):
    documents, _, votes = three
    found = fuse(documents, votes[:2], ["a", "b"])
    assert found.method == "majority"
    assert "too few" in found.why
    assert fuse(documents[:3], [one[:3] for one in votes], list("abc")).method == "majority"


def test_evidence_adds_up_and_names_each_source(three):
    documents, _, votes = three
    found = list(fuse(documents, votes, ["a", "b", "c"]).votes(documents))
    for vote in itertools.islice(itertools.chain(*found), 50):
        assert [leaf.name.split(":")[0] for leaf in vote.evidence.leaves[:3]] == ["a", "b", "c"]
        for label, p in vote.probabilities.items():
            assert math.exp(vote.evidence.log_probability(label)) == pytest.approx(p, abs=1e-9)


def test_observations():
    documents = [Document("d", "one two three four"), Document("e", "one two three four")]

    def vote(start, end, p=0.9, kind="A"):
        return Vote("d", start, end, {kind: p}, "s")

    left = [[vote(0, 7)], []]
    right = [[vote(4, 13), vote(14, 18, 0.2)], [vote(0, 3)]]
    table = make_table(documents, [left, right], ["l", "r"], bins=2)
    assert table.places.tolist() == [[0, 7], [4, 13], [14, 18], [0, 3]]
    assert table.seen[:, 0].tolist()[1:] == [BESIDE, SILENT, SILENT]
    assert table.seen[0, 1] == BESIDE
    assert table.votes()[:, 1].tolist() == [-1, 0, 0, 0]
    assert table.seen[2, 1] == 2  # the lower bin
    assert table.seen[1, 1] == 3


def test_a_gap_is_no_overlap_and_an_outer_span_is():
    documents = [Document("d", "x" * 30)]
    some = [[Vote("d", a, b, {"A": 0.5}, "s") for a, b in ((0, 5), (10, 20))]]
    other = [[Vote("d", a, b, {"A": 0.5}, "s") for a, b in ((5, 10), (12, 14), (9, 25), (20, 22))]]
    table = make_table(documents, [some, other], ["a", "b"])
    said = {
        tuple(place): int(seen) for place, seen in zip(table.places.tolist(), table.seen[:, 0], strict=True)
    }
    assert said[5, 10] == SILENT
    assert said[20, 22] == SILENT
    assert said[12, 14] == BESIDE
    assert said[9, 25] == BESIDE


def test_refusals():
    documents = [Document("d", "a b")]
    with pytest.raises(DataError, match="G001"):
        fuse(documents, [[[], []]], ["a"])
    with pytest.raises(DataError, match="G002"):
        fuse(documents, [[[]], [[]]], ["a", "b"])
    with pytest.raises(ConfigError, match="G010"):
        make_fusion_options(bin=2)
    with pytest.raises(ConfigError, match="G011"):
        make_fusion_options(method="votes")


spans = st.lists(st.tuples(st.integers(0, 8), st.integers(1, 4), st.integers(-3, 9)), max_size=8).map(
    lambda some: [((start, start + size), gain) for start, size, gain in some]
)


@given(spans)
def test_schedule_is_the_best_choice(given_spans):
    places, gains = [one[0] for one in given_spans], [float(one[1]) for one in given_spans]
    chosen = schedule(places, gains)

    def apart(some):
        return all(
            places[i][1] <= places[j][0] or places[j][1] <= places[i][0]
            for i, j in itertools.combinations(some, 2)
        )

    assert apart(chosen)
    best = max(
        sum(gains[i] for i in some)
        for size in range(len(places) + 1)
        for some in itertools.combinations(range(len(places)), size)
        if apart(some)
    )
    assert sum(gains[i] for i in chosen) == best
    assert chosen == sorted(chosen, key=lambda n: places[n])
