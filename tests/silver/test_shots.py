"""The k~2k sampler: its goals, its limits, and the rule that it stands for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silversmith.core import ConfigError, Document, Span
from silversmith.silver.shots import sample_shots


def sentence(number, labels):
    spans = tuple(Span(2 * n, 2 * n + 1, label) for n, label in enumerate(labels))
    return Document(f"s{number}", "x " * max(1, len(labels)), spans)


corpora = st.lists(st.lists(st.sampled_from("ABC"), max_size=6), min_size=1, max_size=25).filter(
    lambda lists: any(lists)
)


@given(corpora, st.integers(1, 6), st.integers(0, 5))
def test_every_type_reaches_its_goal_and_only_forced_samples_exceed(lists, k, seed):
    documents = [sentence(n, labels) for n, labels in enumerate(lists)]
    total = {label: sum(labels.count(label) for labels in lists) for label in "ABC"}
    found = sample_shots(documents, k, seed=seed)
    for label, count in total.items():
        assert found.counts.get(label, 0) >= min(k, count)
        if not found.forced:
            assert found.counts.get(label, 0) <= 2 * k
    assert len({one.id for one in found.documents}) == len(found.documents)
    assert all(one.spans for one in found.documents)


def loop(documents, k, draw):
    """The original rule, with draws one by one; None if it would never end."""
    held, chosen, kinds = {}, [], {s.label for d in documents for s in d.spans}
    for number in draw:
        if documents[number].id in chosen:
            continue
        own = [span.label for span in documents[number].spans]
        counts = {label: own.count(label) for label in own}
        if all(held.get(x, 0) + n <= 2 * k for x, n in counts.items()) and any(
            held.get(x, 0) < k for x in own
        ):
            chosen.append(documents[number].id)
            held = {x: held.get(x, 0) + counts.get(x, 0) for x in {*held, *counts}}
        if all(held.get(x, 0) >= k for x in kinds):
            return chosen
    return None


@given(corpora, st.integers(1, 4), st.integers(0, 5))
def test_one_pass_draws_what_the_loop_draws(lists, k, seed):
    documents = [sentence(n, labels) for n, labels in enumerate(lists)]
    order = np.random.default_rng([seed, k]).permutation(len(documents)).tolist()
    # The loop may look at a sentence again and again: later looks never take what an earlier one refused.
    wanted = loop(documents, k, order * 5)
    if wanted is not None:
        assert [one.id for one in sample_shots(documents, k, seed=seed).documents] == wanted


def test_words_are_counted_instead():
    document = Document("a", "New York is big", (Span(0, 8, "LOC"),))
    assert sample_shots([document], 2, unit="words").counts == {"LOC": 2}


def test_wanted_types_alone_decide():
    documents = [sentence(n, labels) for n, labels in enumerate(["A", "B", "AB"] * 5)]
    found = sample_shots(documents, 2, types=["A"])
    assert found.counts["A"] >= 2
    assert "B" not in found.counts


@pytest.mark.parametrize(("k", "unit"), [(0, "mentions"), (2, "letters")])
def test_refusals(k, unit):
    with pytest.raises(ConfigError, match="N030"):
        sample_shots([sentence(0, "A")], k, unit=unit)
    with pytest.raises(ConfigError, match="N030"):
        sample_shots([sentence(0, "")], 1)
