"""The source as users meet it: fit, label, explain, save, open."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from features_toy import TYPES, Capitals, ToyModel, ToySae, toy_documents

from silversmith.core import DataError, Document, ModelError, Schema, Span
from silversmith.evaluation import evaluate
from silversmith.sources.features import Features, Options
from silversmith.testing import check_source, nasty_documents


def test_the_battery(source, tmp_path):
    check_source(
        lambda: source,
        documents=[*nasty_documents(), *toy_documents(5, seed=7)],
        save=lambda one, folder: one.save(folder),
        load=lambda folder: Features.open(folder, ToyModel(), Capitals()),
        folder=tmp_path / "mapping",
        missing={
            "spans": lambda: Features.prepare(
                Schema.of(TYPES), [Document("a", "Ada")], model=ToyModel(), candidates=Capitals()
            ),
            "mapping": lambda: Features.open(tmp_path / "none", ToyModel(), Capitals()),
        },
    )


def test_finds_what_it_was_shown(source):
    gold = toy_documents(20, seed=3)
    found = [
        document.with_spans(vote.span() for vote in votes)
        for document, votes in zip(gold, source.label(gold), strict=True)
    ]
    assert evaluate(gold, found).weighted.f1 > 0.95


def test_options_are_those_that_were_fitted(source):
    assert source.mapping.options.rule == "logistic"
    assert 0.8 < source.mapping.counts["held_out_f1"] <= 1
    assert source.mapping.counts["documents"] == 40
    assert source.mapping.labels == (*TYPES, "O")


def test_every_candidate_gets_a_vote_on_request(source):
    document = toy_documents(1, seed=4)[0]
    (every,) = source.label([document], every=True)
    (few,) = source.label([document])
    assert len(every) == len(Capitals().propose(document, None)) > len(few)
    assert any(vote.label == "O" for vote in every)
    for a, b in itertools.combinations(few, 2):
        assert a.end <= b.start or b.end <= a.start


def test_nested_spans_stay_on_request(source):
    nested = dataclasses.replace(
        source.mapping, options=source.mapping.options.changed(nested=True, t_conf=0.0)
    )
    flat = dataclasses.replace(source.mapping, options=source.mapping.options.changed(t_conf=0.0))
    documents = toy_documents(10, seed=5)
    count = [
        sum(map(len, Features(mapping, ToyModel(), ToySae(), Capitals()).label(documents)))
        for mapping in (flat, nested)
    ]
    assert count[0] <= count[1]


def test_types_given_spans(source):
    documents = toy_documents(5, seed=6)
    for document, votes in zip(documents, source.type_spans(documents), strict=True):
        assert [(vote.start, vote.end) for vote in votes] == [(s.start, s.end) for s in document.spans]
        assert [vote.label for vote in votes] == [span.label for span in document.spans]
        assert all(vote.outside < 1e-9 for vote in votes)
    word = Document("o", "Yesterday Ada met Bob", (Span(0, 9, "PLACE"),))
    assert next(source.type_spans([word], outside=True))[0].label == "O"
    assert next(source.type_spans([word]))[0].label in TYPES


ADDITIVE = (
    Options(rule="logistic"),
    Options.paper(n_min=3, n_hits=2, q=0.0, max_density=None),
    Options(rule="naive_bayes"),
    Options(rule="naive_bayes", gate="ratio", q=50.0),
    Options(rule="log_odds"),
    Options(rule="shrunk"),
)


@pytest.mark.parametrize("options", ADDITIVE)
def test_leaves_add_up_exactly(options):
    source = Features.prepare(
        Schema.of(TYPES), toy_documents(30, seed=1), model=ToyModel(), candidates=Capitals(), options=options
    )
    document = toy_documents(1, seed=8)[0]
    for vote in next(source.label([document], every=True)):
        evidence = source.explain(document, vote)
        for label, p in [*vote.probabilities.items(), ("O", vote.outside)]:
            assert math.exp(evidence.log_probability(label)) == pytest.approx(p, abs=1e-9)


def test_an_explanation_names_latents_examples_and_ablation(source):
    document = toy_documents(1, seed=9)[0]
    vote = max(next(source.label([document])), key=lambda one: one.probability)
    evidence = source.explain(document, vote)
    latents = [leaf for leaf in evidence.leaves if "latent" in leaf.detail]
    assert latents
    assert all(leaf.detail["link"].startswith("https://www.neuronpedia.org/toy/1-sae/") for leaf in latents)
    (test,) = [one for one in evidence.support if one["kind"] == "ablation"]
    assert test["probability"] == pytest.approx(vote.probability, abs=1e-9)
    assert test["without"] < test["probability"]
    assert test["without"] < test["without_random"]
    examples = [one for one in evidence.support if one["kind"] == "examples"]
    ids = {document.id for document in toy_documents(40, seed=1)}
    assert examples
    assert all(span["document"] in ids for one in examples for span in one["spans"])


def test_a_span_that_nobody_proposed_can_be_explained(source):
    document = Document("x", "we met Ada in Lima")
    vote = dataclasses.replace(next(source.label([document]))[0], start=0, end=6)
    assert source.explain(document, vote).leaves


def test_only_touched_pieces_reach_the_autoencoder(source, monkeypatch):
    seen = []
    encode = ToySae.encode
    monkeypatch.setattr(ToySae, "encode", lambda self, x: seen.append(len(x)) or encode(self, x))
    text = "a b c d e f g h Ada i j k l m n o p"
    next(source.label([Document("x", text)]))
    assert sum(seen) == 3


def test_blocks_are_streamed(source):
    seen = []

    def endless():
        for number in itertools.count():
            seen.append(number)
            yield Document(str(number), "Ada met Bob")

    next(source.label(endless()))
    assert len(seen) <= 256


def test_a_label_that_the_schema_lacks_is_refused():
    documents = [Document("d7", "Ada", (Span(0, 3, "ROBOT"),))]
    with pytest.raises(DataError, match=r"M010.*d7.*ROBOT"):
        Features.prepare(Schema.of(TYPES), documents, model=ToyModel(), candidates=Capitals())


def test_a_model_without_autoencoder_is_refused():
    class Bare:
        name, width = "bare", 3

    with pytest.raises(ModelError, match=r"M022.*bare"):
        Features.prepare(Schema.of(TYPES), [], model=Bare(), candidates=Capitals())


def test_no_window_misses_a_word(source):
    source.uncovered = 0
    list(source.label(toy_documents(3, seed=1)))
    assert source.uncovered == 0


def test_a_paper_mapping_can_find_no_evidence():
    options = Options.paper(n_min=3, n_hits=2, q=0.0, max_density=None)
    source = Features.prepare(
        Schema.of(TYPES), toy_documents(30, seed=1), model=ToyModel(), candidates=Capitals(), options=options
    )
    empty = dataclasses.replace(source.mapping, linear=dataclasses.replace(
        source.mapping.linear, columns=np.empty(0, np.int64), weights=np.empty((0, 4)), tau=np.empty(0)
    ))  # fmt: skip
    blind = Features(empty, ToyModel(), ToySae(), Capitals())
    document = Document("x", "Ada")
    assert next(blind.label([document])) == []
    (vote,) = next(blind.label([document], every=True))
    assert vote.probabilities == dict.fromkeys(TYPES, 0.25)
    assert blind.explain(document, vote).support[0]["kind"] == "no evidence"
