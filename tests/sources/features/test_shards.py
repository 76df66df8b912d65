"""Shards: what is written is what is read, in one forward pass; killed and resumed gives the same bytes."""

import numpy as np
import pytest
from features_toy import ToyModel, ToySae, toy_documents

from silversmith.core import ModelError
from silversmith.sources.features.shards import Shards, write_shards

SAES = [ToySae(), ToySae("2")]


class KilledError(Exception):
    pass


class Mortal(ToyModel):
    """Dies in its second block."""

    def encode(self, texts, taps=None):
        if self.calls == 1:
            raise KilledError
        return super().encode(texts, taps)


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def documents():
    return toy_documents(600)


def test_all_activations_come_back(tmp_path, documents):
    model = ToyModel()
    shards = write_shards(tmp_path, documents, model, SAES)
    assert model.calls == 3  # a block of 256 documents is read once for both autoencoders
    assert shards.documents == [document.id for document in documents]
    found = list(Shards(tmp_path))
    assert len(found) == len(documents)
    for document, (offsets, matrices) in list(zip(documents, found, strict=True))[::97]:
        (encoded,) = ToyModel().encode([document.text], [1])
        np.testing.assert_array_equal(offsets, encoded.offsets)
        for sae, matrix in zip(SAES, matrices, strict=True):
            assert (matrix != sae.encode(encoded.states[1])).nnz == 0


def test_killed_and_resumed_gives_the_same_bytes(tmp_path, documents):
    write_shards(tmp_path / "whole", documents, ToyModel(), SAES)
    with pytest.raises(KilledError):
        write_shards(tmp_path / "broken", documents, Mortal(), SAES)
    assert len(contents(tmp_path / "broken")) == 1
    with pytest.raises(ModelError, match="M030"):
        Shards(tmp_path / "broken")
    again = ToyModel()
    write_shards(tmp_path / "broken", documents, again, SAES)
    assert again.calls == 2
    assert contents(tmp_path / "whole") == contents(tmp_path / "broken")


def test_other_texts_or_parts_are_read_anew(tmp_path, documents):
    write_shards(tmp_path, documents[:3], ToyModel(), SAES)
    for given, model, saes in (
        (documents[:2], ToyModel(), SAES),
        (documents[:2], ToyModel("2"), SAES),
        (documents[:2], ToyModel("2"), SAES[:1]),
    ):
        write_shards(tmp_path, given, model, saes)
        assert model.calls == 1
    assert Shards(tmp_path).documents == [document.id for document in documents[:2]]


def test_only_pieces_of_spans(tmp_path, documents):
    whole = write_shards(tmp_path / "whole", documents[:20], ToyModel(), SAES)
    part = write_shards(tmp_path / "part", documents[:20], ToyModel(), SAES, spans=True)
    kept = 0
    for document, (offsets, (all_, _)), (_, (some, _)) in zip(documents, whole, part, strict=False):
        for span in document.spans:
            rows = np.flatnonzero((offsets[:, 0] < span.end) & (offsets[:, 1] > span.start))
            assert (all_[rows] != some[rows]).nnz == 0
        kept += some.nnz / all_.nnz
    assert 0 < kept < 20 * 0.95


@pytest.mark.parametrize("harm", ["cut", "gone", "bit"])
def test_a_damaged_shard_is_named(tmp_path, documents, harm):
    write_shards(tmp_path, documents[:4], ToyModel(), SAES)
    path = tmp_path / "000000.safetensors"
    content = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(content[:-3] if harm == "cut" else content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelError, match=r"M031.*000000") as caught:
        list(Shards(tmp_path))
    assert "\n" not in str(caught.value)
    write_shards(tmp_path, documents[:4], ToyModel(), SAES)
    if harm != "bit":
        assert path.read_bytes() == content
