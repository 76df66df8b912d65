"""Packs: the same activations from the kept rows alone, and honest refusals where that can't be."""

import numpy as np
import pytest
import torch
from features_toy import TYPES, WIDTH, Capitals, ToyModel, toy_documents
from scipy.sparse import csr_array

from silversmith.core import Artefact, ModelError, Schema
from silversmith.models.sae import Activation, Norm, SparseAutoencoder
from silversmith.sources.features import Features, Options
from silversmith.sources.features.pack import PackedEncoder, open_pack, reduced
from silversmith.sources.features.packing import compare, make_pack, why_not_exact

LATENTS = 60


def autoencoder(kind, norm="none"):
    """Random latents over the toy world's states, the first of them its dimensions."""
    dice = torch.Generator().manual_seed(2)
    weight = torch.randn(WIDTH, LATENTS, generator=dice) * 0.3
    weight[:, :WIDTH] = torch.eye(WIDTH)
    threshold = (torch.rand(LATENTS, generator=dice) * 0.3).numpy()
    vectors = [torch.randn(LATENTS, generator=dice).numpy() * 0.1 for _ in range(3)]
    act = {
        "relu": Activation("relu"),
        "jumprelu": Activation("jumprelu", threshold),
        "topk": Activation("topk", k=6),
        "groupmax": Activation("groupmax", k=12),
        "gated": Activation("gated", gate_bias=vectors[0], r_mag=vectors[1], mag_bias=vectors[2]),
    }[kind]
    bias = torch.zeros(LATENTS) if kind == "gated" else torch.randn(LATENTS, generator=dice) * 0.05
    return SparseAutoencoder("toy-sae", weight, bias, act, 1, Norm(norm), {"sha256": "0" * 64})


def fitted(sae, **options):
    values = {"strength": 0.3, "rule": "logistic", "cues": False, **options}
    return Features.prepare(
        Schema.of(TYPES),
        toy_documents(40, seed=1),
        model=ToyModel(),
        candidates=Capitals(),
        sae=sae,
        options=Options(**values),
    )


def states(rows=200):
    return torch.randn(rows, WIDTH, generator=torch.Generator().manual_seed(4)).numpy()


@pytest.mark.parametrize("kind", ["relu", "jumprelu", "gated", "groupmax"])
@pytest.mark.parametrize("norm", ["none", "layer_norm", "constant_norm_rescale"])
def test_the_kept_latents_are_active_as_in_the_whole(kind, norm):
    sae, x = autoencoder(kind, norm), states()
    kept = np.array([0, 1, 2, 3, 4, 20, 21, 22, 23, 24, 50, 51, 52, 53, 54])
    whole = sae.encode(x).toarray()
    packed = PackedEncoder(reduced(sae, kept), kept, LATENTS, sae.identity()).encode(x)
    assert packed.shape == whole.shape
    assert packed.has_sorted_indices
    assert ((packed.toarray()[:, kept] > 0) == (whole[:, kept] > 0)).all()
    np.testing.assert_allclose(packed.toarray()[:, kept], whole[:, kept], rtol=1e-6, atol=1e-6)
    assert not np.delete(packed.toarray(), kept, axis=1).any()


@pytest.mark.parametrize("kind", ["jumprelu", "groupmax"])
def test_an_exact_pack_gives_the_same_votes_from_fewer_rows(tmp_path, kind):
    features = fitted(autoencoder(kind), penalty="l1", strength=0.05)
    pack = make_pack(features)
    assert len(pack.encoder.kept) < LATENTS
    pack.save(tmp_path / "pack", preset="toy")
    encoder = open_pack(tmp_path / "pack")
    assert encoder.identity() == features.sae.identity()
    again = Features.open(tmp_path / "pack", ToyModel(), Capitals(), sae=encoder)
    documents = toy_documents(20, seed=2)
    ours, theirs = ([v.span() for vs in one.label(documents) for v in vs] for one in (again, features))
    assert ours == theirs
    found = compare(features, again, documents)
    assert found["same_labels"] == 1
    assert found["largest_change_of_probability"] < 1e-6
    assert found["f1_whole"] == found["f1_pack"] > 0.5
    vote = next(vote for votes in again.label(documents) for vote in votes)
    document = next(one for one in documents if one.id == vote.document_id)
    assert again.explain(document, vote).log_probability(vote.label) == pytest.approx(
        np.log(vote.probability)
    )


@pytest.mark.parametrize(
    ("kind", "options", "reason"),
    [
        ("topk", {}, "TopK"),
        ("jumprelu", {"pooling": "norm"}, "norm of all latents"),
        ("relu", {"k": 8}, "8 best"),
    ],
)
def test_what_can_not_be_exact_is_refused_with_the_reason(kind, options, reason):
    features = fitted(autoencoder(kind), **options)
    assert reason in why_not_exact(features.mapping, features.sae)
    with pytest.raises(ModelError, match=f"M030.*{reason}.*--mode pack"):
        make_pack(features)


def test_a_pack_of_topk_learns_the_threshold_of_a_piece(tmp_path):
    features = fitted(autoencoder("topk"))
    pack = make_pack(features, "pack", texts=toy_documents(30, seed=3))
    assert pack.facts["active_entries_equal"] > 0.6
    pack.save(tmp_path / "pack")
    encoder = open_pack(tmp_path / "pack")
    x = features.model.encode([toy_documents(1, seed=9)[0].text], [1])[0].states[1]
    z = x @ features.sae.weight.numpy() + features.sae.bias.numpy()
    above = z[:, encoder.kept] > encoder.thresholds(x)[:, None]
    expected = np.where(above & (z[:, encoder.kept] > 0), z[:, encoder.kept], 0)
    wrong = np.abs(encoder.encode(x).toarray()[:, encoder.kept] - expected) > 0.01
    assert wrong.mean() < 0.003  # 16 bits move what stands on the threshold
    again = Features.open(tmp_path / "pack", ToyModel(), Capitals(), sae=encoder)
    assert compare(features, again, toy_documents(20, seed=2))["same_labels"] > 0.8


def test_only_the_strongest_latents_are_kept(tmp_path):
    features = fitted(autoencoder("jumprelu"), cues=True)
    pack = make_pack(features, "pack", texts=toy_documents(30, seed=3), latents=8)
    assert pack.facts["latents"]["kept"] == len(pack.mapping.mapped_latents()) == 8
    columns = features.mapping.linear.columns
    cues = columns >= len(features.mapping.options.roles) * LATENTS
    assert set(columns[cues]) <= set(pack.mapping.linear.columns)
    pack.save(tmp_path / "pack")
    again = Features.open(tmp_path / "pack", ToyModel(), Capitals(), sae=open_pack(tmp_path / "pack"))
    assert compare(features, again, toy_documents(20, seed=2))["f1_pack"] > 0.5


def test_refusals(tmp_path):
    features = fitted(autoencoder("topk"))
    with pytest.raises(ModelError, match="M031"):
        make_pack(features, "pack", texts=[])
    pack = make_pack(features, "pack", texts=toy_documents(30, seed=3))
    pack.save(tmp_path / "pack")
    again = Features.open(tmp_path / "pack", ToyModel(), Capitals(), sae=open_pack(tmp_path / "pack"))
    with pytest.raises(ModelError, match="M032"):
        make_pack(again, "pack")
    with pytest.raises(ModelError, match=r"M030.*leaves"):
        make_pack(fitted(autoencoder("relu")), "exact", latents=3)
    with (tmp_path / "pack" / "encoder.safetensors").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ModelError, match="A004"):
        open_pack(tmp_path / "pack")


def test_a_plain_mapping_is_no_pack(tmp_path):
    features = fitted(autoencoder("relu"))
    features.save(tmp_path / "mapping")
    assert open_pack(tmp_path / "mapping") is None
    assert "pack" not in Artefact.open(tmp_path / "mapping").manifest


def test_an_empty_text_has_no_activations():
    sae = autoencoder("jumprelu")
    kept = np.arange(5)
    found = PackedEncoder(reduced(sae, kept), kept, LATENTS, {}).encode(np.zeros((0, WIDTH), np.float32))
    assert isinstance(found, csr_array)
    assert found.shape == (0, LATENTS)
    none = PackedEncoder(reduced(sae, kept[:0]), kept[:0], LATENTS, {}).encode(states(3))
    assert (none.shape, none.nnz) == ((3, LATENTS), 0)
