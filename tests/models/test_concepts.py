"""The concept tower of mini: one pass with everything else, and names beside what they name."""

import numpy as np
import pytest
import torch

from silversmith.core import ModelError
from silversmith.models.concepts import load_parts
from silversmith.models.mini import load_mini

TEXT = "In 1843 Ada Lovelace wrote to Charles Babbage in London."


@pytest.fixture(scope="module")
def mini():
    return load_mini()


def test_the_tower_leaves_the_trunk_as_it_is(mini):
    tall = mini.concept.model
    (low,) = mini.encode([TEXT], [4])
    (high,) = tall.encode([TEXT], [4, 6])
    np.testing.assert_array_equal(low.states[4], high.states[4])
    assert not np.allclose(high.states[4], high.states[6])
    assert mini.depth == 4
    assert tall.identity() != mini.identity()


def test_names_are_nearest_to_what_they_name(mini):
    concept = mini.concept
    (encoded,) = concept.model.encode([TEXT], concept.taps)
    places = np.array([[8, 20], [30, 45], [49, 55], [3, 7]], np.int32)
    spans = concept.spans(encoded, places, np.array([2, 2, 1, 1]))
    names = concept.names(["Person", "city", "year"])
    assert (spans @ names.T).argmax(axis=1).tolist() == [0, 0, 1, 2]


def test_an_absent_part_is_named(mini, monkeypatch):
    files = {name: mark for name, mark in mini.artefact.manifest["files"].items() if "concept" not in name}
    other = load_mini()
    monkeypatch.setattr(other.artefact, "manifest", {**other.artefact.manifest, "files": files})
    with pytest.raises(ModelError, match="S071"):
        _ = other.concept


def test_a_tower_needs_its_trunk(mini):
    with pytest.raises(ModelError, match=r"S070.*trunk"):
        load_parts(mini.artefact.path("concept.safetensors"))


def test_vectors_have_length_one(mini):
    names = mini.concept.names(["dish", "a rather long name of a type", "x"])
    assert torch.allclose(torch.from_numpy(names).norm(dim=1), torch.ones(3), atol=1e-5)
    assert mini.concept.names([]).shape == (0, 256)
