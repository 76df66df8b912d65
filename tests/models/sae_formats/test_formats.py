"""Every public layout gives the same active latents and values as a plain numpy encoder."""

import numpy as np
import pytest
import sae_fixtures
import sae_fixtures_lens
from safetensors.numpy import load_file, save_file

from silversmith.models.sae_formats import FAMILIES, convert, detect, open_converted, read_sae


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    return {case.name: case for case in sae_fixtures.write_all(tmp_path_factory.mktemp("saes"))}


def test_names_are_complete(cases):
    assert list(cases) == sae_fixtures.NAMES


@pytest.mark.parametrize("name", sae_fixtures.NAMES)
def test_equals_the_oracle(cases, name):
    case = cases[name]
    sae = read_sae(case.path, case.hints)
    found = sae.encode(case.x)
    np.testing.assert_allclose(found.toarray(), case.expected, atol=1e-4)
    np.testing.assert_array_equal(found.toarray() > 0, case.expected > 0)
    assert 0.1 < (case.expected > 0).mean() < 0.6  # a fixture where nothing fires would prove nothing
    assert (sae.source["site"], sae.source["layer"], sae.tap) == case.place
    np.testing.assert_array_equal(sae.encode(case.x, chunk=7).toarray() > 0, case.expected > 0)


@pytest.mark.parametrize("name", sae_fixtures.NAMES)
def test_converted_equals_the_original(cases, name, tmp_path):
    case = cases[name]
    original = read_sae(case.path, case.hints)
    converted = open_converted(convert(case.path, tmp_path / "cache", case.hints, licence="CC-BY-4.0"))
    difference = converted.encode(case.x) - original.encode(case.x)
    assert difference.nnz == 0
    assert (converted.tap, converted.norm, converted.name) == (original.tap, original.norm, original.name)
    assert len(converted.source["sha256"]) == 64
    assert converted.source["licence"] == "CC-BY-4.0"
    weights = load_file(tmp_path / "cache" / "encoder.safetensors")
    assert not [key for key in weights if "dec" in key.lower()]  # encoder only


def test_every_family_has_a_fixture(cases):
    assert {detect(case.path).family for case in cases.values()} == set(FAMILIES)


def test_facts_are_kept(cases):
    assert read_sae(cases["gemmascope2"].path).source["model"] == "google/gemma-3-270m"
    assert read_sae(cases["gemmascope1_lower"].path).source["model"] == "google/gemma-2-9b-it"
    assert read_sae(cases["dl_topk"].path).source["context_size"] == 128
    assert read_sae(cases["saelens6_topk"].path).source["prepend_bos"] is True
    assert (
        read_sae(cases["qwenscope"].path, cases["qwenscope"].hints).source["model"] == "Qwen/Qwen3-1.7B-Base"
    )


def test_bfloat16_and_float16_files_are_widened(cases, tmp_path):
    """numpy has no bfloat16; Llama Scope and others store it."""
    import torch
    from safetensors.torch import save_file as save_torch

    case = cases["gemmascope2"]
    stored = {
        name: torch.from_numpy(value) for name, value in load_file(case.path / "params.safetensors").items()
    }
    for kind in (torch.bfloat16, torch.float16, torch.float64):
        folder = tmp_path / str(kind)
        folder.mkdir()
        save_torch({name: value.to(kind) for name, value in stored.items()}, folder / "params.safetensors")
        expected = stored["w_enc"].to(kind).float().numpy()
        np.testing.assert_array_equal(read_sae(folder).weight.numpy(), expected)


def test_a_file_inside_its_folder_is_enough(cases):
    case = cases["gemmascope1"]
    sae = read_sae(case.path / "params.npz")
    assert (sae.encode(case.x) != read_sae(case.path).encode(case.x)).nnz == 0
    llama = cases["llamascope"]
    assert detect(llama.path / "checkpoints" / "final.safetensors") == detect(llama.path)


def test_centring_comes_from_the_configuration(tmp_path, cases):
    d = sae_fixtures.Draw("centred")
    case = sae_fixtures_lens.saelens(
        tmp_path, "centred", d, None, flat=True, model_from_pretrained_kwargs={"center_writing_weights": True}
    )
    assert read_sae(case.path).norm.centre
    assert not read_sae(cases["saelens5_standard"].path).norm.centre


def test_dictionary_learning_without_configuration(cases, tmp_path):
    """The tensors tell the class, except where two classes write the same ones."""
    for name in ("dl_standard", "dl_new", "dl_gated", "dl_jumprelu", "dl_matryoshka"):
        case = cases[name]
        folder = tmp_path / name
        folder.mkdir()
        (folder / "ae.pt").write_bytes((case.path / "ae.pt").read_bytes())
        np.testing.assert_allclose(read_sae(folder).encode(case.x).toarray(), case.expected, atol=1e-4)


def test_unused_tensors_may_be_anything(cases, tmp_path):
    """Only the encoder is read: a decoder of NaN does no harm."""
    case = cases["gemmascope2"]
    tensors = load_file(case.path / "params.safetensors")
    tensors["w_dec"] = np.full_like(tensors["w_dec"], np.nan)
    save_file(tensors, tmp_path / "params.safetensors")
    assert (read_sae(tmp_path).encode(case.x) != read_sae(case.path).encode(case.x)).nnz == 0
