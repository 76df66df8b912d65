"""The inverted file beside the scan, and names that are kept."""

import numpy as np
import pytest
from question_corpus import documents
from safetensors.numpy import save_file

from silversmith.core import Artefact, ConfigError
from silversmith.formats import extras
from silversmith.models.concepts import ConceptEncoder
from silversmith.sources.question import build_index, likelihood
from silversmith.sources.question import index as index_module
from silversmith.sources.question.names import CACHE, name_vectors
from silversmith.sources.question.near import FILE, Near, write_near
from silversmith.sources.question.parts import encode

NAMES = ["disease", "city", "politician"]


@pytest.fixture(scope="module")
def approximate(mini_parts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("near") / "index"
    made, _ = build_index(documents(), folder, *mini_parts, approximate=True)
    return made


def test_the_file_is_part_of_the_artefact(approximate):
    artefact = Artefact.open(approximate.folder)
    assert FILE in artefact.manifest["files"]
    assert approximate.near is not None


def test_it_finds_what_exact_search_finds(approximate, mini_parts, monkeypatch):
    monkeypatch.setattr(index_module, "RESCORED", 8)
    monkeypatch.setattr(index_module.PhraseIndex, "scan", None)  # it isn't asked
    for vector in mini_parts[0].names(NAMES):
        near, scores = approximate.search(vector, 4)
        exact, truth = approximate.search(vector, 4, exact=True)
        assert near.tolist() == exact.tolist()
        assert np.allclose(scores, truth)


def test_what_is_not_near_is_no_answer(approximate, mini_parts, monkeypatch):
    whole = likelihood.deviations(approximate, mini_parts[0], NAMES)
    monkeypatch.setattr(likelihood, "SMALL", 0)
    monkeypatch.setattr(likelihood, "NEAR", 5)
    found = likelihood.deviations(approximate, mini_parts[0], NAMES)
    near = np.isfinite(found).all(axis=0)
    assert 5 <= near.sum() <= 15
    assert np.isneginf(found[:, ~near]).all()
    assert np.allclose(found[:, near], whole[:, near], atol=1e-5)


def test_recall_among_many(tmp_path):
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(50, 32))
    vectors = (centres[rng.integers(50, size=20000)] + 0.5 * rng.normal(size=(20000, 32))).astype(np.float32)
    codes, scales = encode(vectors)
    write_near(tmp_path / FILE, [codes[:7000], codes[7000:]], [scales[:7000], scales[7000:]])
    near = Near(tmp_path / FILE)
    queries = vectors[:20]
    for query, found in zip(queries, near.best(queries, 200), strict=True):
        truth = np.argsort(-(vectors @ query))[:100]
        assert len(np.intersect1d(truth, found)) >= 95


def test_without_faiss_it_is_said_before_anything_is_read(mini_parts, tmp_path, monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(extras, "import_module", missing)

    def unread():
        raise AssertionError
        yield

    with pytest.raises(ConfigError, match=r"silversmith\[search\]"):
        build_index(unread(), tmp_path / "ix", *mini_parts, approximate=True)


def test_a_name_is_encoded_once(index, mini_parts, monkeypatch, tmp_path):
    encoder = mini_parts[0]
    plain = encoder.names(["disease", "city"])
    assert np.array_equal(name_vectors(tmp_path, encoder, ["Disease", " city"]), plain)
    monkeypatch.setattr(ConceptEncoder, "names", None)
    assert np.array_equal(name_vectors(tmp_path, encoder, ["city", "disease", "city"]), plain[[1, 0, 1]])


@pytest.mark.parametrize("damage", [b"", b"not a file", None])
def test_a_cache_that_is_no_use_is_made_again(damage, mini_parts, tmp_path):
    encoder = mini_parts[0]
    path = tmp_path / CACHE
    if damage is None:  # of another encoder
        save_file({"vectors": np.zeros((1, 4), np.float32)}, path, {"model": "{}", "names": '["disease"]'})
    else:
        path.write_bytes(damage)
    assert np.array_equal(name_vectors(tmp_path, encoder, ["disease"]), encoder.names(["disease"]))
    assert path.stat().st_size > 1000


def test_a_place_that_can_not_be_written_is_asked_all_the_same(mini_parts, tmp_path):
    nowhere = tmp_path / "gone"
    assert len(name_vectors(nowhere, mini_parts[0], ["disease"])) == 1
    assert not nowhere.exists()
