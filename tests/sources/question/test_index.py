"""The index: search, places, growth, an interrupted build, refusals."""

import numpy as np
import pytest
from question_corpus import documents

from silversmith.core import DataError, Document, ModelError
from silversmith.sources.question import PhraseIndex, build_index, likelihood
from silversmith.sources.question import building as module
from silversmith.sources.question import index as index_module
from silversmith.sources.question.parts import encode


def test_places_are_phrases_of_the_texts(index):
    texts = {one.id: one.text for one in documents()}
    phrases = set()
    for place in index.places(range(len(index))):
        assert texts[place.document] == place.text
        low, high = place.sentence
        assert low <= place.start < place.end <= high
        phrases.add(place.phrase)
    assert {"diabetes mellitus", "Norway", "Barack Obama", "Paella"} <= phrases


def test_the_scan_is_near_the_exact_products(index, mini_parts):
    queries = mini_parts[0].names(["disease", "city"])
    exact, scanned = index.exact(queries), index.scan(queries)
    assert np.corrcoef(exact[0], scanned[0])[0, 1] > 0.98
    numbers, scores = index.search(queries[0], 5)
    assert index.place(int(numbers[0])).phrase.lower() in {
        "leprosy",
        "cholera",
        "hypertension",
        "tuberculosis",
    }
    assert scores.tolist() == sorted(scores.tolist(), reverse=True)


def test_search_in_a_large_index_scores_the_best_again(index, mini_parts, monkeypatch):
    monkeypatch.setattr(index_module, "RESCORED", 12)
    (query,) = mini_parts[0].names(["disease"])
    numbers, scores = index.search(query, 4)
    exact, truth = index.search(query, 4, exact=True)
    assert numbers.tolist() == exact.tolist()
    assert np.allclose(scores, truth)
    monkeypatch.setattr(likelihood, "SMALL", 0)
    monkeypatch.setattr(likelihood, "NEAR", 12)
    coarse = likelihood.deviations(index, mini_parts[0], ["disease"])[0]
    monkeypatch.setattr(likelihood, "SMALL", 1000)
    whole = likelihood.deviations(index, mini_parts[0], ["disease"])[0]
    best = np.argsort(-whole)[:5]
    assert np.allclose(coarse[best], whole[best], atol=1e-5)
    assert not np.allclose(coarse, whole, atol=1e-5)  # the rest is by the codes


def test_codes_are_within_half_a_step():
    vectors = np.random.default_rng(0).normal(size=(50, 16)).astype(np.float32)
    vectors[3] = 0
    codes, scales = encode(vectors)
    assert np.abs(codes * scales[:, None] - vectors).max() <= scales.max() / 2 + 1e-7


def test_what_is_added_is_as_if_it_had_been_there(mini_parts, tmp_path, index):
    build_index(documents()[:5], tmp_path / "ix", *mini_parts)
    repeated = Document("again", documents()[0].text)
    made, growth = build_index([*documents()[5:], repeated], tmp_path / "ix", *mini_parts, add=True)
    assert growth.duplicates == 1
    assert len(made) == len(index)
    assert [one.id for one in made.documents()] == [one.id for one in index.documents()]
    queries = mini_parts[0].names(["disease"])
    assert np.allclose(made.exact(queries), index.exact(queries), atol=2e-3)


def test_a_killed_build_goes_on_to_the_same_bytes(mini_parts, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FLUSH", 1)
    monkeypatch.setattr(module, "blocks", lambda stream: ([one] for one in stream))

    def broken():
        for number, one in enumerate(documents()):
            if number == 4:
                raise KeyboardInterrupt
            yield one

    with pytest.raises(KeyboardInterrupt):
        build_index(broken(), tmp_path / "ix", *mini_parts)
    assert not (tmp_path / "ix").exists()
    made, growth = build_index(documents(), tmp_path / "ix", *mini_parts)
    assert growth.resumed > 0
    whole, _ = build_index(documents(), tmp_path / "whole", *mini_parts)
    assert made.manifest["files"] == whole.manifest["files"]
    assert not (tmp_path / "ix.part").exists()


def test_other_documents_do_not_go_on(mini_parts, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FLUSH", 1)
    monkeypatch.setattr(module, "blocks", lambda stream: ([one] for one in stream))

    def broken():
        yield documents()[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index(broken(), tmp_path / "ix", *mini_parts)
    with pytest.raises(DataError, match="Y002"):
        build_index(documents()[1:], tmp_path / "ix", *mini_parts)


def test_nothing_to_index(mini_parts, tmp_path):
    for texts in ([], [Document("a", "")], [Document("a", ". . .")]):
        with pytest.raises(DataError, match="Y001"):
            build_index(texts, tmp_path / "ix", *mini_parts)


def test_another_encoder_is_refused_and_both_are_named(index):
    with pytest.raises(ModelError, match="Y020") as caught:
        PhraseIndex.open(index.folder, {"model": "other"})
    assert "other" in str(caught.value)
    assert "mini" in str(caught.value)
