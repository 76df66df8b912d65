"""Names as SAELens users know them, `repo:path`, local folders; the cache and the download behind them."""

import sys
from pathlib import Path

import numpy as np
import pytest
import sae_fixtures

from silversmith.models.sae_formats import add_sae, entries, open_sae, resolve
from silversmith.models.sae_formats.names import hints_of, read_pretrained
from silversmith.models.sae_formats.registry import hub_model, nearest_100, width_of


@pytest.fixture
def cases(tmp_path):
    return {case.name: case for case in sae_fixtures.write_all(tmp_path / "saes")}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "silversmith"


@pytest.mark.parametrize(
    ("release", "sae_id", "repo", "path", "model"),
    [
        (
            "gemma-scope-2b-pt-res-canonical",
            "layer_12/width_16k/canonical",
            "google/gemma-scope-2b-pt-res",
            "layer_12/width_16k/average_l0_82",
            "google/gemma-2-2b",
        ),
        (
            "gemma-scope-9b-it-res-canonical",
            "layer_20/width_131k/canonical",
            "google/gemma-scope-9b-it-res",
            "layer_20/width_131k/average_l0_81",
            "google/gemma-2-9b-it",
        ),
        (
            "gemma-scope-2b-pt-res",
            "layer_12/width_16k/average_l0_22",
            "google/gemma-scope-2b-pt-res",
            "layer_12/width_16k/average_l0_22",
            "google/gemma-2-2b",
        ),
        (
            "gemma-scope-2b-pt-res",
            "embedding/width_4k/average_l0_6",
            "google/gemma-scope-2b-pt-res",
            "embedding/width_4k/average_l0_6",
            "google/gemma-2-2b",
        ),
        (
            "gemma-scope-2-270m-pt-res",
            "layer_12_width_16k_l0_medium",
            "google/gemma-scope-2-270m-pt",
            "resid_post/layer_12_width_16k_l0_medium",
            "google/gemma-3-270m",
        ),
        (
            "gemma-scope-2-270m-it-res",
            "layer_12_width_16k_l0_medium",
            "google/gemma-scope-2-270m-it",
            "resid_post/layer_12_width_16k_l0_medium",
            "google/gemma-3-270m-it",
        ),
        (
            "gemma-scope-2-270m-pt-res-all",
            "layer_0_width_16k_l0_big",
            "google/gemma-scope-2-270m-pt",
            "resid_post_all/layer_0_width_16k_l0_big",
            "google/gemma-3-270m",
        ),
        (
            "gemma-scope-2-1b-pt-res",
            "layer_13_width_262k_l0_medium_seed_1",
            "google/gemma-scope-2-1b-pt",
            "resid_post/layer_13_width_262k_l0_medium_seed_1",
            "google/gemma-3-1b-pt",
        ),
        (
            "gemma-scope-2-4b-it-transcoders",
            "transcoder/layer_9_width_16k_l0_small_affine",
            "google/gemma-scope-2-4b-it",
            "transcoder/layer_9_width_16k_l0_small_affine",
            "google/gemma-3-4b-it",
        ),
        (
            "llama_scope_lxr_8x",
            "l15r_8x",
            "fnlp/Llama3_1-8B-Base-LXR-8x",
            "Llama3_1-8B-Base-L15R-8x",
            "meta-llama/Llama-3.1-8B",
        ),
        (
            "gpt2-small-res-jb",
            "blocks.8.hook_resid_pre",
            "jbloom/GPT2-Small-SAEs-Reformatted",
            "blocks.8.hook_resid_pre",
            "gpt2",
        ),
        (
            "llama-3.1-8b-instruct-andyrdt",
            "resid_post_layer_3_trainer_1",
            "andyrdt/saes-llama-3.1-8b-instruct",
            "resid_post_layer_3/trainer_1",
            "meta-llama/Llama-3.1-8B-Instruct",
        ),
        (
            "qwen-scope-3-1.7b-base-w32k-l50",
            "layer3",
            "Qwen/SAE-Res-Qwen3-1.7B-Base-W32K-L0_50",
            "layer3.sae.pt",
            "Qwen/Qwen3-1.7B-Base",
        ),
        ("EleutherAI/sae-pythia-70m-32k", "layers.3", "EleutherAI/sae-pythia-70m-32k", "layers.3", None),
    ],
)
def test_names(release, sae_id, repo, path, model):
    for entry in (resolve(release, sae_id), resolve(f"{release}:{sae_id}")):
        assert (entry.repo, entry.path, entry.model) == (repo, path, model)


def test_canonical_is_never_a_folder():
    listed = [entry for entry in entries() if entry.sae_id.endswith("canonical")]
    assert len(listed) > 40
    assert not [entry for entry in listed if "canonical" in entry.path]
    assert [
        entry.l0
        for entry in listed
        if entry.release.startswith("gemma-scope-2b") and "width_16k" in entry.sae_id
    ][:3] == [105, 102, 141]
    assert nearest_100([22, 41, 82, 176, 445]) == 82
    assert nearest_100([90, 110]) == 90


def test_names_are_unique_and_the_paper_is_marked():
    names = [entry.name for entry in entries()]
    assert len(names) == len(set(names))
    paper = {(entry.model, entry.layer, entry.d_sae) for entry in entries() if entry.paper}
    assert ("google/gemma-2-2b", 12, 16384) in paper
    assert ("google/gemma-2-9b-it", 31, 131072) in paper
    assert {layer for model, layer, _ in paper if model == "google/gemma-2-9b"} == {9, 20, 31}


def test_memory_and_download():
    entry = resolve("gemma-scope-2b-pt-res-canonical:layer_19/width_1m/canonical")
    assert entry.memory == 4 * 2304 * 1048576
    assert entry.download == 2 * entry.memory


def test_widths():
    assert [width_of(name) for name in ("4k", "16k", "32k", "65k", "131k", "262k", "524k", "1m")] == [
        2**n for n in (12, 14, 15, 16, 17, 18, 19, 20)
    ]


def test_short_model_names():
    assert hub_model("gpt2-small") == "gpt2"
    assert hub_model("gemma-2-9b-it") == "google/gemma-2-9b-it"
    assert hub_model("google/gemma-3-270m-pt") == "google/gemma-3-270m"
    assert hub_model("Qwen/Qwen3-8B-Base") == "Qwen/Qwen3-8B-Base"


def test_centring_and_scale_reach_the_loader(tmp_path):
    """gpt2-small-res-jb needs centred states; factors of the input stand only in a registry."""
    assert hints_of(resolve("gpt2-small-res-jb:blocks.8.hook_resid_pre")).centre
    path = tmp_path / "pretrained_saes.yaml"
    path.write_text(
        "tiny-res:\n  repo_id: org/tiny\n  model: gemma-2-2b\n  conversion_func: gemma_2\n"
        "  config_overrides: {model_from_pretrained_kwargs: {center_writing_weights: true}}\n  saes:\n"
        "  - {id: layer_12/width_16k/canonical, path: layer_12/width_16k/average_l0_82, l0: 82}\n"
        "  - {id: layer_0, path: 0, norm_scaling_factor: 1.7}\n"
        "plain:\n  repo_id: org/plain\n  model: gpt2-small\n  saes:\n  - {id: a, path: b}\n"
    )
    first, second, third = read_pretrained(path)
    assert (first.repo, first.path, first.family, first.model, first.centre) == (
        "org/tiny",
        "layer_12/width_16k/average_l0_82",
        "gemma_scope",
        "google/gemma-2-2b",
        True,
    )
    assert (second.path, second.scale) == ("0", 1.7)
    assert (third.family, third.model, third.centre) == ("saelens", "gpt2", None)
    assert hints_of(second).scale == 1.7
    assert hints_of(second, scale=2.0).scale == 2.0


# --- adding: download, conversion, offline use ------------------------------


@pytest.fixture
def hub(monkeypatch, cases):
    """A hub that serves fixtures from the local disk and counts what it is asked for."""
    import shutil

    import huggingface_hub

    served = {
        ("google/gemma-scope-2b-pt-res", "layer_12/width_16k/average_l0_82"): cases["gemmascope1"].path,
        ("google/gemma-scope-2b-pt-att", "layer_3/width_16k/average_l0_90"): cases["gemmascope1"].path,
        ("Qwen/SAE-Res-Qwen3-1.7B-Base-W32K-L0_50", "layer3.sae.pt"): cases["qwenscope"].path,
        ("jbloom/GPT2-Small-SAEs-Reformatted", "blocks.8.hook_resid_pre"): cases["saelens5_standard"].path,
    }
    asked = []

    def snapshot_download(repo, allow_patterns, local_dir):
        asked.append((repo, allow_patterns))
        source = served[repo, allow_patterns[0]]
        target = Path(local_dir) / allow_patterns[0]
        target.parent.mkdir(parents=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
        return str(local_dir)

    class Api:
        def list_repo_files(self, repo):
            return [path + "/params.npz" for name, path in served if name == repo] + [
                "layer_3/width_16k/average_l0_7/params.npz"
            ]

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    monkeypatch.setattr(huggingface_hub, "HfApi", Api)
    return asked


def test_add_then_offline(cache, hub, cases):
    name = "gemma-scope-2b-pt-res-canonical:layer_12/width_16k/canonical"
    folder = add_sae(name)
    assert hub == [
        (
            "google/gemma-scope-2b-pt-res",
            ["layer_12/width_16k/average_l0_82", "layer_12/width_16k/average_l0_82/*"],
        )
    ]
    sae = open_sae(name)
    np.testing.assert_allclose(
        sae.encode(cases["gemmascope1"].x).toarray(), cases["gemmascope1"].expected, atol=1e-4
    )
    assert (sae.name, sae.tap, sae.source["model"], sae.source["licence"]) == (
        name,
        13,
        "google/gemma-2-2b",
        "CC-BY-4.0",
    )
    assert sorted(path.name for path in folder.iterdir()) == ["encoder.safetensors", "manifest.json"]
    assert not list(cache.glob(".download-*"))  # the original, with its decoder, is dropped
    assert len(hub) == 1


def test_canonical_of_a_suite_without_facts_is_looked_up(cache, hub):
    add_sae("gemma-scope-2b-pt-att-canonical:layer_3/width_16k/canonical")
    assert hub[0][1][0] == "layer_3/width_16k/average_l0_90"
    assert open_sae("gemma-scope-2b-pt-att-canonical:layer_3/width_16k/canonical").source["site"] == "attn_z"


def test_hints_of_the_registry_survive_conversion(cache, hub, cases):
    add_sae("gpt2-small-res-jb", "blocks.8.hook_resid_pre")
    sae = open_sae("gpt2-small-res-jb", "blocks.8.hook_resid_pre")
    assert (sae.norm.centre, sae.tap) == (True, 8)
    add_sae("qwen-scope-3-1.7b-base-w32k-l50:layer3", k=6)
    assert open_sae("qwen-scope-3-1.7b-base-w32k-l50:layer3").activation.k == 6


def test_local_folders_need_no_adding(cache, cases):
    case = cases["llamascope_saelens"]
    sae = open_sae(str(case.path), rule="saelens")
    np.testing.assert_allclose(sae.encode(case.x).toarray(), case.expected, atol=1e-4)
    folder = add_sae(str(case.path), rule="saelens")
    np.testing.assert_allclose(open_sae(str(folder)).encode(case.x).toarray(), case.expected, atol=1e-4)


def test_a_killed_conversion_leaves_nothing(cache, cases, monkeypatch):
    module = sys.modules[add_sae.__module__]  # the package's `convert` is the function of that name

    def stop(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "save_file", stop)
    with pytest.raises(KeyboardInterrupt):
        add_sae(str(cases["gemmascope1"].path))
    assert not [path for path in cache.rglob("*") if path.is_file()]


@pytest.mark.skipif(
    not __import__("importlib.util").util.find_spec("sae_lens"), reason="sae-lens is not installed"
)
def test_facts_agree_with_an_installed_registry():
    from silversmith.models.sae_formats.names import installed_entries

    theirs = installed_entries()
    for entry in entries():
        other = theirs.get((entry.release, entry.sae_id))
        if other is not None:
            assert (entry.repo, entry.path) == (other.repo, other.path), entry.name
