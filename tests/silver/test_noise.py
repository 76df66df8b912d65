import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from silver_toy import LABELS, corpus, document

from silversmith.core import ConfigError, Document, Span
from silversmith.silver import Noise, NoiseTally, perturb, perturb_all
from silversmith.silver.noise import KINDS
from silversmith.silver.numbers import ceil_count
from silversmith.silver.places import word_span
from silversmith.testing.strategies import documents

PAPER = {0.1: 0.1172, 0.2: 0.2154, 0.3: 0.3174, 0.4: 0.4155, 0.5: 0.5095, 0.6: 0.6153, 0.7: 0.7172}
"""K / G of Tables 10 and 11: spans hit, as a share of 78,788 gold spans in 3,049 documents."""

RATES = st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 1.0])
SIZES = st.integers(0, 40)
SEEDS = st.integers(0, 5)


def keys(one):
    return [(span.start, span.end, span.label) for span in one.spans]


def wanted(rate, n):
    return math.ceil(Fraction(str(rate)) * n)


@given(RATES, SIZES, SEEDS)
def test_low_recall_removes_ceil_of_p_n(rate, size, seed):
    gold = document("a", size)
    noisy, tally = perturb(gold, Noise("low_recall", rate, seed=seed), LABELS)
    assert len(noisy.spans) == size - wanted(rate, size)
    assert set(keys(noisy)) <= set(keys(gold))
    assert sum(tally.hit.values()) == sum(tally.changed.values()) == wanted(rate, size)
    assert not sum(tally.void.values())


@given(RATES, SIZES, SEEDS)
def test_low_precision_adds_ceil_of_p_n_away_from_gold(rate, size, seed):
    gold = document("a", size, gap=6)
    noisy, tally = perturb(gold, Noise("low_precision", rate, seed=seed), LABELS)
    assert len(noisy.spans) == size + wanted(rate, size)
    assert set(keys(gold)) <= set(keys(noisy))
    assert all(a.end <= b.start for a, b in pairwise(noisy.spans))
    assert sum(tally.hit.values()) == sum(tally.changed.values()) == wanted(rate, size)


@given(RATES, SIZES, SEEDS, st.integers(1, 3))
def test_jitter_keeps_the_number_and_moves_within_steps(rate, size, seed, steps):
    gold = document("a", size, gap=4)
    noisy, tally = perturb(gold, Noise("jitter", rate, steps=steps, seed=seed), LABELS)
    assert len(noisy.spans) == size
    assert [span.label for span in noisy.spans] == [span.label for span in gold.spans]
    words = list(gold.words)
    moved = 0
    for before, after in zip(gold.spans, noisy.spans, strict=True):
        (a, b), (c, d) = (word_span(words, one.start, one.end) for one in (before, after))
        assert abs(a - c) <= steps
        assert abs(b - d) <= steps
        assert d - c <= b - a
        moved += (a, b) != (c, d)
    assert moved == wanted(rate, size) == sum(tally.changed.values())
    assert all(a.end <= b.start for a, b in pairwise(noisy.spans))


@given(RATES, SIZES, SEEDS)
def test_confusion_retypes_ceil_of_p_n(rate, size, seed):
    gold = document("a", size)
    noisy, _ = perturb(gold, Noise("confusion", rate, seed=seed), LABELS)
    assert [(a.start, a.end) for a in noisy.spans] == [(a.start, a.end) for a in gold.spans]
    changed = sum(a.label != b.label for a, b in zip(gold.spans, noisy.spans, strict=True))
    assert changed == wanted(rate, size)


@given(documents(fragments=False), st.sampled_from(KINDS), RATES, st.integers(1, 3))
def test_any_text_gives_valid_documents_and_honest_tallies(gold, kind, rate, steps):
    noisy, tally = perturb(gold, Noise(kind, rate, steps=steps), sorted({"PER", "LOC", "x"}))
    assert noisy.text == gold.text
    hit, changed, void = (sum(getattr(tally, name).values()) for name in ("hit", "changed", "void"))
    assert hit == wanted(rate, len(gold.spans)) == changed + void
    difference = {"low_recall": -changed, "low_precision": changed}.get(kind, 0)
    assert len(noisy.spans) - len(gold.spans) == difference


def test_ceil_has_no_rounding_errors():
    assert ceil_count(0.1, 30) == 3
    assert ceil_count(0.7, 10) == 7
    assert all(ceil_count(rate, n) == wanted(rate, n) for rate in (0.1, 0.3, 0.6, 0.7) for n in range(200))


def test_hit_shares_are_those_of_the_paper_at_its_density():
    """n spread widely about 25.84 a document: K = sum of ceil(p n) gives the paper's K / G."""
    sizes = np.random.default_rng(0).gamma(9.0, 25.84 / 9.0, 3049).round().astype(int)
    for rate, share in PAPER.items():
        hit = sum(ceil_count(rate, int(n)) for n in sizes)
        assert hit / sizes.sum() == pytest.approx(share, abs=0.003)


def test_hit_shares_through_the_documents_themselves():
    golds = corpus(150, mean=25.84)
    total = sum(len(one.spans) for one in golds)
    for rate in (0.1, 0.5):
        kept = sum(len(one.spans) for one, _ in perturb_all(golds, Noise("low_recall", rate), LABELS))
        assert (total - kept) / total == pytest.approx(PAPER[rate], abs=0.005)


def test_added_types_are_uniform():
    golds = [one.with_spans(span for span in one.spans if span.label == "PER") for one in corpus(150, 20)]
    tally = sum((one for _, one in perturb_all(golds, Noise("low_precision"), LABELS)), NoiseTally())
    counts = [tally.changed[label] for label in LABELS]
    expected = sum(counts) / 3
    assert sum((count - expected) ** 2 / expected for count in counts) < 13.8  # 0.1 % point, 2 df


def test_neither_order_nor_company_matters():
    golds = corpus(12)
    noise = [Noise("low_recall", 0.3), Noise("jitter", 0.5, steps=2), Noise("low_precision", 0.2)]
    forward = {one.id: keys(one) for one, _ in perturb_all(golds, noise, LABELS)}
    backward = {one.id: keys(one) for one, _ in perturb_all(golds[::-1], noise, LABELS)}
    assert forward == backward
    assert keys(next(perturb_all(golds[5:6], noise, LABELS))[0]) == forward["d5"]
    seeds = [
        [keys(one) for one, _ in perturb_all(golds, Noise("low_recall", seed=seed), LABELS)]
        for seed in (0, 1)
    ]
    assert seeds[0] != seeds[1]


def test_streams():
    def endless():
        number = 0
        while True:
            yield document(f"d{number}", 5)
            number += 1

    stream = perturb_all(endless(), Noise("low_recall"), LABELS)
    assert [len(next(stream)[0].spans) for _ in range(3)] == [2, 2, 2]


def test_rates_by_type():
    golds = corpus(100, mean=12)
    noise = Noise("low_recall", 0.0, {"PER": 1.0, "LOC": 0.5}, count="unbiased")
    tally = sum((one for _, one in perturb_all(golds, noise, LABELS)), NoiseTally())
    assert tally.hit["PER"] == tally.spans["PER"]
    assert tally.hit["LOC"] / tally.spans["LOC"] == pytest.approx(0.5, abs=0.04)
    assert "ORG" not in tally.hit
    added = sum(
        (one for _, one in perturb_all(golds, Noise("low_precision", 0.0, {"PER": 0.5}), LABELS)),
        NoiseTally(),
    )
    assert set(added.changed) == {"PER"}


def test_unbiased_counts_have_the_mean_asked_for():
    golds = corpus(400, mean=7)
    tally = sum(
        (one for _, one in perturb_all(golds, Noise("low_recall", 0.1, count="unbiased"), LABELS)),
        NoiseTally(),
    )
    assert sum(tally.hit.values()) / sum(tally.spans.values()) == pytest.approx(0.1, abs=0.012)


def test_clusters_sit_in_few_documents():
    golds = corpus(200, mean=20)

    def shares(cluster):
        pairs = perturb_all(golds, Noise("low_recall", 0.4, cluster=cluster), LABELS)
        return [sum(one.hit.values()) / max(1, sum(one.spans.values())) for _, one in pairs]

    wide, narrow = shares(0.5), shares(200.0)
    assert np.mean(wide) == pytest.approx(0.4, abs=0.1)
    assert np.mean(narrow) == pytest.approx(0.4, abs=0.02)
    assert np.std(wide) > 3 * np.std(narrow)


def test_confusion_by_weights():
    noise = Noise("confusion", 1.0, confusion={"PER": {"ORG": 3.0, "PER": 9.0}, "LOC": {}})
    gold = document("a", 9)
    noisy, tally = perturb(gold, noise, LABELS)
    became = {label: set() for label in LABELS}
    for before, after in zip(gold.spans, noisy.spans, strict=True):
        became[before.label].add(after.label)
    assert became["PER"] == {"ORG"}
    assert became["LOC"] == {"LOC"}  # nothing to become: left as it was, and said so
    assert became["ORG"] <= {"LOC", "PER"}  # not named: uniform
    assert dict(tally.void) == {"LOC": 3}


def test_what_can_not_move_is_recorded():
    alone = Document("a", "Ada", (Span(0, 3, "PER"),), ((0, 3),))
    noisy, tally = perturb(alone, Noise("jitter", 1.0), LABELS)
    assert keys(noisy) == keys(alone)
    assert (dict(tally.hit), dict(tally.changed), dict(tally.void)) == ({"PER": 1}, {}, {"PER": 1})
    full, tally = perturb(alone, Noise("low_precision", 1.0), LABELS)
    assert len(full.spans) == 1
    assert sum(tally.void.values()) == 1


def test_expansion_is_possible_beyond_the_paper():
    noise = Noise("jitter", 1.0, steps=3, operations=("expand_start", "expand_end"))
    gold = document("a", 6, gap=4)
    noisy, tally = perturb(gold, noise, LABELS)
    assert sum(tally.changed.values()) == 6
    assert all(b.end - b.start > a.end - a.start for a, b in zip(gold.spans, noisy.spans, strict=True))


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"kind": "low_recal"}, "N010"),
        ({"kind": "jitter", "operations": ("up",)}, "N010"),
        ({"kind": "jitter", "rate": 1.5}, "N011"),
        ({"kind": "jitter", "types": {"PER": float("nan")}}, "N011"),
        ({"kind": "jitter", "steps": 0}, "N011"),
        ({"kind": "jitter", "cluster": 0.0}, "N011"),
        ({"kind": "jitter", "operations": ()}, "N011"),
    ],
)
def test_noise_without_sense(options, code):
    with pytest.raises(ConfigError, match=code):
        Noise(**options)


def test_no_type_to_draw():
    with pytest.raises(ConfigError, match="N012"):
        perturb(document("a", 2), Noise("low_precision"), [])
