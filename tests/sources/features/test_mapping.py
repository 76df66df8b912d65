"""The artefact: same answers after a round trip, and refusals."""

import json
from dataclasses import replace

import numpy as np
import pytest
from features_toy import TYPES, Capitals, ToyModel, ToySae, toy_documents

from silversmith.core import ModelError, Schema
from silversmith.sources.features import Features, Mapping, Options

RULES = ["precision", "shrunk", "log_odds", "naive_bayes", "logistic"]


@pytest.mark.parametrize("rule", RULES)
def test_round_trip_gives_the_same_numbers(rule, corpus, tested, tmp_path):
    options = Options(rule=rule, n_min=3, n_hits=2, q=25.0)
    mapping = Mapping.fit(corpus, options, identity={"model": {"name": "toy"}})
    mapping.save(tmp_path / "m", command="test")
    again = Mapping.open(tmp_path / "m")
    ours, theirs = (one.predict(tested.matrix, tested.proposed) for one in (mapping, again))
    np.testing.assert_allclose(ours.scores, theirs.scores, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(ours.decided, theirs.decided)
    assert again.options == mapping.options
    assert again.examples == mapping.examples
    assert again.counts == mapping.counts


@pytest.mark.parametrize("rule", RULES)
def test_sixteen_bits_change_no_label_of_a_mapping_span(rule, corpus):
    options = Options(rule=rule, n_min=3, n_hits=2)
    mapping = Mapping.fit(corpus, options)
    x = mapping.vectors(corpus.matrix, corpus.gold)
    assert (
        np.array_equal(mapping.linear.scores(x).argmax(1), mapping.linear.quantised().scores(x).argmax(1))
        or (mapping.linear.weights.astype(np.float16) != mapping.linear.weights).any()
    )


def test_needs_the_model_it_was_made_for(source, tmp_path):
    source.save(tmp_path / "m")
    assert Features.open(tmp_path / "m", ToyModel(), Capitals()).mapping.labels == source.mapping.labels
    with pytest.raises(ModelError, match=r"M021.*'toy' \(checksum 1\).*'toy' \(checksum 2\)"):
        Features.open(tmp_path / "m", ToyModel("2"), Capitals())
    with pytest.raises(ModelError, match=r"M021.*sae 'toy-sae' \(sha256 1, tap 1\).*sha256 2"):
        Features.open(tmp_path / "m", ToyModel(), Capitals(), sae=ToySae("2"))


def test_an_altered_file_is_refused(source, tmp_path):
    source.save(tmp_path / "m")
    path = tmp_path / "m" / "mapping.safetensors"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ModelError, match=r"A004.*mapping\.safetensors"):
        Features.open(tmp_path / "m", ToyModel(), Capitals())


def test_examples_stand_in_their_own_file_with_their_licence(source, tmp_path):
    source.save(tmp_path / "m", command="x")
    manifest = json.loads((tmp_path / "m" / "manifest.json").read_text())
    assert "CC BY-SA" in manifest["licences"]["examples.jsonl"]
    assert manifest["command"] == "x"
    lines = [json.loads(line) for line in (tmp_path / "m" / "examples.jsonl").read_text().splitlines()]
    assert lines
    for line in lines:
        values = [span["value"] for span in line["spans"]]
        assert values == sorted(values, reverse=True)
        assert 0 < len(values) <= 3
        assert line["latent"] < ToySae.d_sae


def test_fitting_twice_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        source = Features.prepare(
            Schema.of(TYPES), toy_documents(15, seed=1), model=ToyModel(), candidates=Capitals()
        )
        source.save(tmp_path / name)
    for file in ("mapping.safetensors", "examples.jsonl", "manifest.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_temperature_is_fitted_on_held_out_spans_and_helps(corpus, tested):
    mapping = Mapping.fit(corpus, Options(rule="naive_bayes", rho=0.0, n_min=3, n_hits=2))
    y = tested.proposed.label

    def loss(temperature):
        p = replace(mapping, temperature=temperature).predict(tested.matrix, tested.proposed).p
        return -np.log(p[np.arange(len(y)), y]).mean()

    assert mapping.temperature != 1.0
    assert loss(mapping.temperature) < loss(1.0)
    assert Mapping.fit(corpus, Options(rule="shrunk", temperature=2.0)).temperature == 2.0


def test_nothing_labelled_is_refused(corpus):
    with pytest.raises(ModelError, match="M020"):
        Mapping.fit(corpus.only(np.array([], np.int64)))
