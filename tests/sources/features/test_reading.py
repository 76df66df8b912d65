"""Readings of only the needed pieces label as readings of all do."""

import numpy as np
import pytest
from features_toy import TYPES, Capitals, ToyModel, ToySae, toy_documents

from silversmith.core import Document, Schema
from silversmith.sources.features.options import Options
from silversmith.sources.features.reading import Reader, needed_pieces
from silversmith.sources.features.source import Features

OFFSETS = np.array([(0, 2), (2, 4), (5, 9), (10, 12), (12, 15)], np.int32)


@pytest.mark.parametrize(
    ("spans", "beside", "expected"),
    [
        ([(2, 9)], False, [0, 1, 1, 0, 0]),
        ([(2, 9)], True, [1, 1, 1, 1, 0]),
        ([(0, 1), (13, 14)], True, [1, 1, 0, 1, 1]),
        ([(3, 11), (5, 9)], False, [0, 1, 1, 1, 0]),
        ([], True, [0, 0, 0, 0, 0]),
    ],
)
def test_needed_pieces(spans, beside, expected):
    given = np.array(spans, np.int32).reshape(-1, 2)
    np.testing.assert_array_equal(needed_pieces(OFFSETS, given, beside), np.array(expected, bool))


@pytest.mark.parametrize("roles", [("span",), ("span", "first", "last", "left", "right")])
@pytest.mark.parametrize("pooling", ["mean", "norm", "max"])
def test_votes_equal_those_of_all_pieces(roles, pooling):
    options = Options(roles=roles, pooling=pooling)
    source = Features.prepare(
        Schema.of(TYPES), toy_documents(30), model=ToyModel(), candidates=Capitals(), options=options
    )
    long = " and so it went on and on"  # far from every candidate
    documents = [Document(one.id, one.text + long) for one in toy_documents(20, seed=5)]
    part = list(source.label(documents, every=True))
    seen = source.reader.read(documents)
    source.reader.whole = True
    whole = list(source.label(documents, every=True))
    assert part == whole
    assert sum(map(len, part)) > 50
    assert source.reader.neighbours == ("left" in roles)
    everything = source.reader.read(documents)
    kept = sum(one.activations.nnz for one in seen) / sum(one.activations.nnz for one in everything)
    assert kept < (0.95 if "left" in roles else 0.75)


def test_a_cache_keeps_all_pieces(tmp_path):
    from silversmith.sources.features.cache import ArrayCache

    reader = Reader(ToyModel(), ToySae(), Capitals(), ArrayCache(tmp_path), whole=False)
    (reading,) = reader.read(toy_documents(1))
    assert (np.diff(reading.activations.indptr) > 0).all()
