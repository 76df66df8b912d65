"""Bad input: one line that names the file, what was expected, what was found, and what to do next."""

import json
import pickle
import zipfile

import numpy as np
import pytest
import sae_fixtures
import sae_fixtures_lens
import torch
from safetensors.numpy import load_file, save_file

from silversmith.core import ModelError
from silversmith.models.sae_formats import Hints, add_sae, check_fit, detect, open_sae, read_sae, resolve


@pytest.fixture
def cases(tmp_path):
    return {case.name: case for case in sae_fixtures.write_all(tmp_path / "saes")}


def refused(code, call, *parts):
    """The message of the refusal: one line with the code and every part."""
    with pytest.raises(ModelError) as caught:
        call()
    line = str(caught.value)
    assert caught.value.code == code, line
    assert "\n" not in line
    for part in parts:
        assert str(part) in line
    return line


def edit(path, change):
    """Change a safetensors file's tensors in place."""
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)


def test_no_such_file(tmp_path):
    refused("S010", lambda: read_sae(tmp_path / "nowhere"), "nowhere", "silversmith models")


def test_wrong_d_model_in_the_configuration(cases):
    path = cases["saelens6_standard"].path
    config = json.loads((path / "cfg.json").read_text())
    (path / "cfg.json").write_text(json.dumps({**config, "d_in": 16}))
    refused(
        "S014",
        lambda: read_sae(path),
        "sae_weights.safetensors",
        "W_enc",
        "d_in=16",
        "(12, 40)",
        "silversmith models add",
    )


def test_sizes_come_from_the_tensors_not_the_name(cases):
    """A folder that says 16k may hold any number of latents (trap 27)."""
    assert read_sae(cases["gemmascope1"].path).d_sae == 40


def test_bias_of_another_width(cases):
    path = cases["gemmascope2"].path / "params.safetensors"
    edit(path, lambda tensors: tensors.update(b_enc=np.zeros(39, np.float32)))
    refused("S014", lambda: read_sae(path.parent), "b_enc", "d_sae=40", "(39,)")


def test_transposed_weights_never_pass(cases):
    path = cases["gemmascope2"].path / "params.safetensors"
    edit(path, lambda tensors: tensors.update(w_enc=np.ascontiguousarray(tensors["w_enc"].T)))
    refused("S014", lambda: read_sae(path.parent), "params.safetensors")


def test_missing_keys(cases):
    path = cases["gemmascope2"].path / "params.safetensors"
    edit(path, lambda tensors: tensors.pop("threshold"))
    refused(
        "S013", lambda: read_sae(path.parent), "'threshold' is missing", "w_enc", "silversmith models add"
    )


def test_nan_weights(cases):
    path = cases["gemmascope2"].path / "params.safetensors"

    def spoil(tensors):
        tensors["w_enc"][3, 4] = np.nan
        tensors["w_enc"][5, 6] = np.inf

    edit(path, spoil)
    refused("S015", lambda: read_sae(path.parent), "w_enc", "2 values", "(12, 40)")


@pytest.mark.parametrize(
    "name", ["gemmascope1", "gemmascope2", "llamascope", "dl_topk", "sparsify", "openai_topk", "goodfire"]
)
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.6, 0.98])
def test_half_downloaded(cases, name, kept):
    files = detect(cases[name].path)
    content = files.weights.read_bytes()
    files.weights.write_bytes(content[: int(kept * len(content))])
    line = refused(
        "S011", lambda: read_sae(cases[name].path, cases[name].hints, family=files.family), files.weights
    )
    assert "half-downloaded" in line


def test_cut_off_safetensors_tells_both_sizes(cases):
    path = cases["gemmascope2"].path / "params.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-100])
    refused(
        "S011", lambda: read_sae(path.parent), f"expected {len(content)} bytes", f"found {len(content) - 100}"
    )


def test_weights_missing_beside_the_configuration(cases):
    path = cases["saelens6_standard"].path
    (path / "sae_weights.safetensors").rename(path / "sae_weights.safetensors.incomplete")
    refused("S010", lambda: read_sae(path), "half-downloaded", "sae_weights.safetensors.incomplete")


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"),
        (b"<!DOCTYPE html>", "web page"),
    ],
)
def test_stand_ins(cases, content, part):
    path = cases["gemmascope2"].path / "params.safetensors"
    path.write_bytes(content)
    refused("S011", lambda: read_sae(path.parent), part)


class Bomb:
    """A pickle that would write a file if it were loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("legacy", [False, True])
def test_pickled_code_is_refused_and_not_run(cases, tmp_path, legacy):
    path, mark = cases["dl_topk"].path / "ae.pt", tmp_path / "it-ran"
    torch.save({"k": Bomb(mark)}, path, _use_new_zipfile_serialization=not legacy)
    refused("S012", lambda: read_sae(path.parent), path, "safetensors")
    path.write_bytes(pickle.dumps(Bomb(mark)))
    refused("S012", lambda: read_sae(path.parent), path)
    assert not mark.exists()


def test_pickled_arrays_in_npz_are_refused_and_not_run(cases, tmp_path):
    path, mark = cases["gemmascope1"].path / "params.npz", tmp_path / "it-ran"
    good = dict(np.load(path))
    np.savez(path, **{**good, "threshold": np.array([Bomb(mark)], dtype=object)})
    refused("S012", lambda: read_sae(path.parent), path)
    assert not mark.exists()


def test_zip_that_is_no_checkpoint(cases):
    path = cases["dl_topk"].path / "ae.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no weights")
    refused("S011", lambda: read_sae(path.parent), path)


@pytest.mark.parametrize("architecture", ["temporal", "matching_pursuit", "abstopk"])
def test_encoders_of_another_form_are_refused_by_name(tmp_path, architecture):
    d = sae_fixtures.Draw(architecture)
    case = sae_fixtures_lens.saelens(tmp_path, architecture, d, None, architecture=architecture)
    refused("S016", lambda: read_sae(case.path), repr(architecture), "cfg.json")


def test_temporal_layout_and_glu_are_refused_by_name(tmp_path, cases):
    folder = sae_fixtures.write(
        tmp_path / "temporal", "latest_ckpt.safetensors", {"D": np.ones((3, 4), np.float32)}
    )
    (folder / "conf.yaml").write_text("llm: x\n")
    refused("S016", lambda: read_sae(folder), "temporal")
    path = cases["llamascope"].path / "hyperparams.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "use_glu_encoder": True}))
    refused("S016", lambda: read_sae(path.parent), "GLU")


@pytest.mark.parametrize(
    ("name", "config", "change", "part"),
    [
        ("saelens5_ones", "cfg.json", {"normalize_activations": "whatever"}, "normalize_activations"),
        ("saelens6_topk", "cfg.json", {"k": 41}, "from 1 to the 40 latents, found 41"),
        ("saelens6_topk", "cfg.json", {"k": "many"}, "whole number, found 'many'"),
        ("saelens6_standard", "cfg.json", {"activation_fn": "tanh-relu"}, "tanh-relu"),
        ("sparsify_groupmax", "cfg.json", {"k": 7}, "divides"),
        ("sparsify", "cfg.json", {"activation": "softmax"}, "softmax"),
        ("llamascope", "hyperparams.json", {"act_fn": "gelu"}, "gelu"),
        ("llamascope", "hyperparams.json", {"jump_relu_threshold": None}, "jump_relu_threshold"),
        (
            "llamascope",
            "hyperparams.json",
            {"dataset_average_activation_norm": {}},
            "dataset_average_activation_norm",
        ),
    ],
)
def test_configurations_that_cannot_be_honoured(cases, name, config, change, part):
    path = cases[name].path / config
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    refused("S018", lambda: read_sae(cases[name].path), part)


def test_signed_topk_and_non_trivial_scaling(cases):
    path = cases["sparsify"].path / "cfg.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "signed": True}))
    refused("S016", lambda: read_sae(path.parent), "signed")
    case = cases["saelens5_ones"]
    edit(case.path / "sae_weights.safetensors", lambda tensors: tensors["scaling_factor"].fill(2))
    refused("S018", lambda: read_sae(case.path), "scaling_factor", "2")


def test_unknown_class_and_ambiguous_tensors(cases):
    path = cases["dl_topk"].path
    config = json.loads((path / "config.json").read_text())
    config["trainer"]["dict_class"] = "AutoEncoderTopk"
    (path / "config.json").write_text(json.dumps(config))
    refused("S018", lambda: read_sae(path), 'did you mean "AutoEncoderTopK"')
    (path / "config.json").unlink()
    refused("S019", lambda: read_sae(path), "--dict-class")
    assert read_sae(path, Hints(dict_class="AutoEncoderTopK")).activation.k == 5


def test_what_only_a_registry_knows(cases):
    refused("S019", lambda: read_sae(cases["llamascope_r1"].path), "--scale")
    refused("S019", lambda: read_sae(cases["qwenscope"].path), "--k")


def test_damaged_configuration(cases):
    path = cases["saelens6_standard"].path / "cfg.json"
    path.write_text('{"d_in": 12,')
    refused("S011", lambda: read_sae(path.parent), "cfg.json")


def test_unknown_tensors_and_several_in_a_folder(tmp_path, cases):
    folder = sae_fixtures.write(tmp_path / "odd", "x.safetensors", {"what": np.ones(3, np.float32)})
    refused("S017", lambda: read_sae(folder), "what", "--sae-format")
    refused("S017", lambda: read_sae(cases["gemmascope1"].path.parents[2]), "average_l0_82")
    (tmp_path / "empty").mkdir()
    refused("S017", lambda: read_sae(tmp_path / "empty"), "found nothing")


def test_wrong_model_and_layer(cases):
    sae = read_sae(cases["gemmascope1"].path)
    check_fit(sae, 12, 26, "tiny")
    refused("S025", lambda: check_fit(sae, 16, 26, "tiny"), "d_in=16", "d_in=12", "google/gemma-2-2b")
    refused("S026", lambda: check_fit(sae, 12, 4, "tiny"), "0 to 3", "layer 12")
    refused("S027", lambda: check_fit(read_sae(cases["saelens5_hook_z"].path), 12, 12, "gpt2"), "attn_z")


# --- names, cache, network ------------------------------


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "silversmith"


NAME = "gemma-scope-2b-pt-res-canonical:layer_12/width_16k/canonical"


def test_known_but_not_here(cache):
    refused("S021", lambda: open_sae(NAME), f"run: silversmith models add {NAME}", "0.3 GB")


def test_unknown_names():
    refused("S020", lambda: resolve("gemma-scope-2b-pt-res-canonicle:layer_12"), "did you mean")
    refused(
        "S020", lambda: resolve("gpt2-small-res-jb", "blocks.12.hook_resid_pre"), "blocks.0.hook_resid_pre"
    )
    refused("S020", lambda: resolve("gpt2-small-res-jb"))


def snapshot(monkeypatch, action):
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "snapshot_download", action)


def test_gated_without_a_token(cache, monkeypatch):
    from huggingface_hub.errors import GatedRepoError

    def gated(*args, **options):
        raise GatedRepoError.__new__(GatedRepoError)

    snapshot(monkeypatch, gated)
    refused("S022", lambda: add_sae(NAME), "google/gemma-scope-2b-pt-res", "hf auth login")
    assert not list(cache.glob("saes/*"))


def test_no_network(cache, monkeypatch):
    for error in (ConnectionError("Name or service not known"), OSError("offline")):

        def fail(*args, error=error, **options):
            raise error

        snapshot(monkeypatch, fail)
        refused("S023", lambda: add_sae(NAME), "no network", "silversmith models add", "local folder")


def test_no_such_repository(cache, monkeypatch):
    from huggingface_hub.errors import RepositoryNotFoundError

    def missing(*args, **options):
        raise RepositoryNotFoundError.__new__(RepositoryNotFoundError)

    snapshot(monkeypatch, missing)
    refused("S020", lambda: add_sae("nobody/nothing:layer_1"), "nobody/nothing")


def test_without_the_client(cache, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    refused("S024", lambda: add_sae(NAME), "pip install huggingface_hub")


def test_damaged_cache_is_refused(cache, cases):
    folder = add_sae(str(cases["gemmascope1"].path))
    content = bytearray((folder / "encoder.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "encoder.safetensors").write_bytes(content)
    refused("A004", lambda: read_sae(folder), "encoder.safetensors")
