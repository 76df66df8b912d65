"""The source on a toy encoder: names find what they name, and the shared battery."""

import numpy as np
import pytest
from concept_toy import Words, annotated

from silversmith.core import ConfigError, EntityType, Schema
from silversmith.sources.concept import Concept
from silversmith.testing.check_source import check_source

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture
def source(trained):
    return Concept(Schema.of(["animal", "town"]), trained[1], Words())


def test_names_find_what_they_name(source):
    documents = annotated(40, seed=5)
    right = found = gold = 0
    for document, votes in zip(documents, source.label(documents), strict=True):
        wanted = {(s.start, s.end, s.label) for s in document.spans if s.label != "tool"}
        ours = {(v.start, v.end, v.span().label) for v in votes}
        right, found, gold = right + len(wanted & ours), found + len(ours), gold + len(wanted)
    assert right / gold > 0.9
    assert right / found > 0.9


def test_battery(trained, tmp_path):
    encoder = trained[1]
    check_source(
        lambda: Concept(Schema.of(["animal", "town"]), encoder, Words()),
        documents=annotated(12, seed=3),
        save=lambda one, folder: one.save(folder),
        load=lambda folder: Concept.open(folder, encoder, Words()),
        folder=tmp_path / "names",
        missing={"a type": lambda: Concept(Schema(types=()), encoder, Words())},
    )


def test_one_type_does_not_disturb_another(trained):
    documents = annotated(6, seed=7)
    alone = list(Concept(Schema.of(["animal"]), trained[1], Words()).label(documents, every=True))
    beside = list(Concept(Schema.of(["tool", "animal"]), trained[1], Words()).label(documents, every=True))
    seen = 0
    for left, right in zip(
        *([v for votes in found for v in votes] for found in (alone, beside)), strict=True
    ):
        if min(left.outside, right.outside) > 1e-3:  # what is left of 1 has lost its digits below
            odds = [one.probabilities["animal"] / one.outside for one in (left, right)]
            assert odds[0] == pytest.approx(odds[1], rel=1e-6, abs=1e-9)
            seen += 1
    assert seen


def test_order_of_types_does_not_matter(trained):
    documents = annotated(6, seed=8)
    one = list(Concept(Schema.of(["town", "animal"]), trained[1], Words()).label(documents))
    other = list(Concept(Schema.of(["animal", "town"]), trained[1], Words()).label(documents))
    for left, right in zip(one, other, strict=True):
        assert [v.span() for v in left] == [v.span() for v in right]


def test_wordings_share_the_evidence(trained):
    kind = EntityType(name="beast", concepts=("animal", "otter"))
    source = Concept(Schema(types=(kind,)), trained[1], Words())
    document = annotated(1, seed=2, kinds=("animal",))[0]
    vote = next(iter(source.label([document])))[0]
    reason = source.explain(document, vote)
    assert {leaf.name for leaf in reason.leaves} >= {'like "animal"', 'like "otter"', "is a mention"}
    assert np.exp(reason.log_probability("beast")) == pytest.approx(vote.probabilities["beast"], abs=1e-9)


def test_a_shift_finds_more(trained):
    documents = annotated(20, seed=9)
    counts = [
        sum(map(len, Concept(Schema.of(["animal"]), trained[1], Words(), shift=shift).label(documents)))
        for shift in (-3.0, 0.0, 30.0)
    ]
    assert counts == sorted(counts)
    assert counts[0] < counts[2]


def test_given_spans_are_typed_with_and_without_outside(source):
    documents = [d for d in annotated(10, seed=4) if d.spans]
    inside = list(source.type_spans(documents))
    for document, votes in zip(documents, inside, strict=True):
        assert [(v.start, v.end) for v in votes] == [(s.start, s.end) for s in document.spans]
        assert all(sum(v.probabilities.values()) == pytest.approx(1.0) for v in votes)
    assert all(v.outside >= 0 for votes in source.type_spans(documents, outside=True) for v in votes)


def test_no_type_is_refused(trained):
    with pytest.raises(ConfigError, match="O003"):
        Concept(Schema(types=()), trained[1], Words())
