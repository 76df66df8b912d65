"""The cache on disk, and reading through it."""

import numpy as np
from features_toy import TYPES, Capitals, ToyModel, ToySae, toy_documents

from silversmith.sources.features.cache import ArrayCache, entry_key
from silversmith.sources.features.corpus import read_corpus
from silversmith.sources.features.reading import Reader


def test_what_went_in_comes_out(tmp_path):
    cache = ArrayCache(tmp_path)
    assert cache.get("aa") is None
    arrays = {"x": np.arange(6, dtype=np.float32).reshape(2, 3), "empty": np.empty((0, 2), np.int32)}
    cache.put("aa", arrays)
    found = cache.get("aa")
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_a_damaged_entry_counts_as_none(tmp_path):
    cache = ArrayCache(tmp_path)
    cache.put("aa", {"x": np.arange(100)})
    (path,) = tmp_path.glob("*/*.safetensors")
    path.write_bytes(path.read_bytes()[:50])
    assert cache.get("aa") is None
    assert not path.exists()


def test_the_cap_removes_what_was_read_longest_ago(tmp_path):
    import os

    cache = ArrayCache(tmp_path, cap_gb=2e-5)
    for number, key in enumerate(["aa", "bb", "cc"]):
        cache.put(key, {"x": np.zeros(1000)})
        os.utime(cache._path(key), (number, number))
    cache.get("aa")
    cache.trim()
    assert [cache.get(key) is None for key in ("aa", "bb", "cc")] == [False, True, False]


def test_keys_depend_on_everything():
    keys = {
        entry_key("a", {"m": 1}, "text"),
        entry_key("b", {"m": 1}, "text"),
        entry_key("a", {"m": 2}, "text"),
        entry_key("a", {"m": 1}, "text "),
    }
    assert len(keys) == 4


def test_a_second_reading_needs_no_model(tmp_path):
    documents = toy_documents(6, seed=1)
    model = ToyModel()
    first = read_corpus(
        documents, TYPES, Reader(model, ToySae(), Capitals(), ArrayCache(tmp_path), states=True)
    )
    assert model.calls == 1
    again = read_corpus(
        documents, TYPES, Reader(model, ToySae(), Capitals(), ArrayCache(tmp_path), states=True)
    )
    assert model.calls == 1
    np.testing.assert_array_equal(first.matrix.toarray(), again.matrix.toarray())
    np.testing.assert_array_equal(first.states, again.states)
    np.testing.assert_array_equal(first.proposed.cues, again.proposed.cues)
    more = [*documents, *toy_documents(2, seed=9)]
    read_corpus(more, TYPES, Reader(model, ToySae(), Capitals(), ArrayCache(tmp_path), states=True))
    assert model.calls == 2
    read_corpus(documents, TYPES, Reader(model, ToySae("2"), Capitals(), ArrayCache(tmp_path)))
    assert model.calls == 3
