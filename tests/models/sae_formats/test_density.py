"""Densities and descriptions from files that users have."""

import gzip
import json

import numpy as np
import pytest
from safetensors.numpy import save_file
from scipy import sparse

from silversmith.core import DataError, ModelError
from silversmith.models.sae_formats import measure_density, read_density, read_neuronpedia


def test_own_file_holds_log10(tmp_path):
    save_file({"sparsity": np.array([-2, -10, 0, -3.5], np.float32)}, tmp_path / "sparsity.safetensors")
    expected = [0.01, 1e-10, 1.0, 10**-3.5]
    np.testing.assert_allclose(read_density(tmp_path, 4), expected, rtol=1e-5)
    with pytest.raises(ModelError, match=r"\[S014\].*d_sae=5.*\(4,\)"):
        read_density(tmp_path / "sparsity.safetensors", 5)
    with pytest.raises(ModelError, match=r"\[S010\]"):
        read_density(tmp_path / "nowhere", 4)


def test_measured():
    matrix = sparse.csr_array(np.array([[0, 2.0, 0], [0, 1.0, 3.0], [0, 0, 0], [0, 5.0, 0]], np.float32))
    np.testing.assert_allclose(measure_density(matrix), [0, 0.75, 0.25])
    assert measure_density(sparse.csr_array((0, 3), dtype=np.float32)).tolist() == [0, 0, 0]


@pytest.fixture
def export(tmp_path):
    """An export as its public data set lays it out; values invented."""
    root = tmp_path / "v1" / "gemma-2-2b" / "12-gemmascope-res-16k"
    rows = {
        "explanations": [
            {
                "id": "c1",
                "index": "7",
                "description": "mentions of diseases",
                "typeName": "x",
                "embedding": None,
            },
            {"id": "c2", "index": "7", "description": "a later one"},
        ],
        "features": [
            {"index": "7", "maxActApprox": 41.5, "frac_nonzero": 0.0013},
            {"index": "2", "frac_nonzero": 0},
        ],
    }
    for name, lines in rows.items():
        (root / name).mkdir(parents=True)
        with gzip.open(root / name / "batch-0.jsonl.gz", "wt") as file:
            file.write("".join(json.dumps(line) + "\n" for line in lines))
    return root


def test_neuronpedia(export):
    found = read_neuronpedia(export, 10)
    assert found.descriptions == {7: "mentions of diseases"}
    assert found.density[7] == np.float32(0.0013)
    assert found.density[2] == 0
    assert np.isnan(found.density).sum() == 8
    assert read_neuronpedia(export / "features" / "batch-0.jsonl.gz", 10).descriptions == {}


def test_neuronpedia_refusals(export, tmp_path):
    with pytest.raises(DataError, match=r"\[S028\].*batch-0.*:1.*0 to 4, found 7"):
        read_neuronpedia(export, 5)
    file = export / "explanations" / "batch-0.jsonl.gz"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"\[S028\].*batch-0"):
        read_neuronpedia(export, 10)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"\[S029\]"):
        read_neuronpedia(tmp_path / "empty", 10)
    plain = tmp_path / "batch-1.jsonl"
    plain.write_text('{"index": "1"}\n{"no": 1}\n')
    with pytest.raises(DataError, match=r"batch-1.jsonl:2"):
        read_neuronpedia(plain, 10)
