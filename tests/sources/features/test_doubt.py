"""Silver with labels missing: candidates that look labelled are found, counted and left out."""

import numpy as np
import pytest
from features_toy import TYPES, Capitals, ToyModel, toy_documents

from silversmith.core import Schema, Span
from silversmith.sources.features import Features, Options
from silversmith.sources.features.doubt import hidden_entities, noise_of


def test_as_many_are_left_out_as_the_labelled_say():
    """Labelled ones get 0.5 on average: as many again hide, and the likeliest of the unlabelled go."""
    entity = np.array([0.6, 0.4, 0.5, 0.9, 0.1, 0.2, 0.3, 0.1])
    y = np.array([0, 0, 0, 1, 1, 1, 1, 1], np.int32)
    kept, joint = hidden_entities(np.log(np.stack([entity, 1 - entity], axis=1)), y)
    assert kept.tolist() == [True, True, True, False, True, True, False, True]  # half of five, not three
    assert joint.tolist() == [[3, 0], [2, 3]]
    assert noise_of(joint, ("PER", "O")) == {"PER": {"given": 3, "other_type": 0, "missing": 2}}


def test_a_labelled_span_that_looks_like_another_type_stays_and_is_counted():
    scores = np.log(np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.8, 0.1, 0.1], [0.01, 0.01, 0.98]]))
    kept, joint = hidden_entities(scores, np.array([0, 0, 1, 2], np.int32))
    assert kept.all()
    noise = noise_of(joint, ("PER", "LOC", "O"))
    assert noise["PER"] == {"given": 2, "other_type": 1, "missing": 0}
    assert noise["LOC"] == {"given": 1, "other_type": 1, "missing": 0}


def test_where_all_are_found_nothing_is_left_out():
    entity = np.array([1.0, 1.0, 0.0, 0.0])
    scores = np.log(np.maximum(1e-300, np.stack([entity, 1 - entity], axis=1)))
    kept, _ = hidden_entities(scores, np.array([0, 0, 1, 1], np.int32))
    assert kept.all()
    kept, joint = hidden_entities(scores, np.array([1, 1, 1, 1], np.int32))  # no label at all
    assert kept.all()
    assert joint.tolist() == [[0, 0], [0, 4]]


@pytest.fixture
def silver():
    """Four of ten spans have no label; one of twenty has a wrong one."""
    draw = np.random.default_rng(0)
    made = []
    for one in toy_documents(60):
        spans = [span for span in one.spans if draw.random() > 0.4]
        wrong = {id(span): TYPES[(TYPES.index(span.label) + 1) % 3] for span in spans if draw.random() < 0.05}
        made.append(
            one.with_spans(Span(span.start, span.end, wrong.get(id(span), span.label)) for span in spans)
        )
    return made


def test_missing_labels_are_found_and_do_not_silence_their_types(silver):
    test = toy_documents(20, seed=1)
    gold = sum(len(one.spans) for one in toy_documents(60))
    given = sum(len(one.spans) for one in silver)
    recall = {}
    for doubt in ("none", "unlabelled"):
        options = Options(strength=0.02, doubt=doubt)
        source = Features.prepare(
            Schema.of(TYPES), silver, model=ToyModel(), candidates=Capitals(), options=options
        )
        votes = list(source.label([one.with_spans(()) for one in test]))
        found = {
            (one.id, v.start, v.end, v.span().label)
            for one, some in zip(test, votes, strict=True)
            for v in some
        }
        wanted = {(one.id, span.start, span.end, span.label) for one in test for span in one.spans}
        recall[doubt] = len(found & wanted) / len(wanted)
    noise = source.mapping.counts["noise"]
    missing = sum(one["missing"] for one in noise.values())
    assert gold - given <= missing < 1.5 * (gold - given)  # from above, by the rule's own doubt
    assert recall["unlabelled"] > 0.9
    assert recall["unlabelled"] >= recall["none"]
