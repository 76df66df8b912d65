"""`make conformance`: the tests' fixtures through sae-lens, eai-sparsify and dictionary-learning.

Makes its own environment (build/conformance, ignored by git), or takes one by `--venv`; compares which
latents fire and their values (1e-4) with our loaders; exit code 1 on a difference.

    python tools/conformance.py [--venv FOLDER] [--json FILE]
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("torch==2.13.0", "sae-lens==6.54.12", "eai-sparsify==1.3.3", "dictionary-learning==0.1.0")
TOLERANCE = 1e-4


def main() -> int:
    """Make the environment if need be, run `compare` inside it, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venv", type=Path, default=ROOT / "build" / "conformance")
    parser.add_argument("--pip-flags", default="", help="more options of pip install, in one word")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        return compare(options.json)
    python = make_environment(options.venv, PACKAGES, options.pip_flags.split())
    command = [str(python), __file__, "--inside"] + (["--json", str(options.json)] if options.json else [])
    return subprocess.run(command, check=False).returncode


def make_environment(folder: Path, packages: Sequence[str], flags: Sequence[str]) -> Path:
    """The environment's python; a half-made one is made again (`ready` stands in a whole one)."""
    python, ready = folder / "bin" / "python", folder / "ready"
    if not ready.exists():
        print(f"installing {', '.join(packages)} into {folder} (once; some minutes)", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *flags, *packages], check=True)
        # comes in with a plotting library; built for another torch it breaks transformers
        subprocess.run([python, "-m", "pip", "uninstall", "-q", "-y", "torchvision"], check=True)
        ready.touch()
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", "-e", str(ROOT)], check=True)
    return python


def compare(report: Path | None) -> int:
    """Every fixture that one of the libraries can load, ours against theirs."""
    sys.path.insert(0, str(ROOT / "tests" / "models" / "sae_formats"))
    for name in ("sae_lens", "sparsify", "dictionary_learning"):
        importlib.import_module(name)  # a broken environment is our fault, not a difference
    import numpy as np
    import sae_fixtures

    from silversmith.models.sae_formats import read_sae

    rows: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for case in sae_fixtures.write_all(Path(folder)):
            library, load = oracle(case)
            if load is None:
                rows[case.name] = {"library": None, "why": library}
                continue
            ours = read_sae(case.path, case.hints).encode(case.x).toarray()
            try:
                theirs = np.asarray(load())
            except Exception as error:  # what a library can't load is a finding, not a fault of ours
                rows[case.name] = {"library": library, "error": f"{type(error).__name__}: {str(error)[:120]}"}
                continue
            rows[case.name] = {
                "library": library,
                "largest_difference": float(np.abs(ours - theirs).max()),
                "other_support": int(((ours > 0) != (theirs > 0)).sum()),
            }
    for name, row in rows.items():
        print(f"{name:28} " + "  ".join(f"{key}={value}" for key, value in row.items()))
    measured = [row for row in rows.values() if "other_support" in row]
    bad = [row for row in measured if row["other_support"] or row["largest_difference"] > TOLERANCE]
    failed = [name for name, row in rows.items() if "error" in row]
    print(
        f"{len(measured)} fixtures compared, {len(bad)} differ, {len(failed)} failed to load there {failed}"
    )
    if report:
        report.write_text(json.dumps(rows, indent=1) + "\n")
    return 1 if bad or failed else 0


def oracle(case: Any) -> tuple[str, Callable[[], Any] | None]:
    """The library that loads a fixture, and how; (reason, None) if none does."""
    skipped = {
        "saelens5_centred": "centring is done by TransformerLens, not by the autoencoder",
        "openai_topk": "its library is no package",
        "openai_relu": "its library is no package",
        "llamascope": "SAELens has the other rule",
        "llamascope_unit": "SAELens has other units",
    }
    if case.name in skipped:
        return skipped[case.name], None
    if case.name.startswith(("saelens", "batchtopk_saved")):
        return "sae-lens", lambda: by_sae_lens(case)
    if case.name.startswith("dl_"):
        return "dictionary-learning", lambda: by_dictionary_learning(case)
    if case.name.startswith("sparsify"):
        return "eai-sparsify", lambda: by_sparsify(case)
    return "sae-lens", lambda: by_sae_lens_converter(case)


def by_sae_lens(case: Any) -> Any:
    """SAE.load_from_disk and, where a registry gives it, its fold of the norm factor."""
    import torch
    from sae_lens import SAE

    sae = SAE.load_from_disk(case.path)
    if case.hints.scale:
        sae.fold_activation_norm_scaling_factor(case.hints.scale)
    heads = (3, 4) if case.name == "saelens5_hook_z" else (12,)
    with torch.no_grad():
        return sae.encode(torch.from_numpy(case.x).reshape(-1, *heads)).numpy()


def by_sae_lens_converter(case: Any) -> Any:
    """SAELens' converters, which take files from the hub: its download is answered from the local disk."""
    import torch
    from huggingface_hub.errors import EntryNotFoundError
    from sae_lens.loading import pretrained_sae_loaders as loaders

    name, repo, folder = converter_of(case)
    root = case.path if case.path.is_dir() else case.path.parent
    if case.name == "mwhanna":  # its sizes stand in a file of the training's tracker
        sizes = {"d_model": {"value": 12}, "d_feature": {"value": 40}, "batch_size": {"value": 1}}
        (root / "wandb-config.yaml").write_text(json.dumps(sizes))

    def local(repo_id: str, filename: str, subfolder: str | None = None, **_: Any) -> str:
        wanted = f"{subfolder}/{filename}" if subfolder else filename
        path = root / wanted.removeprefix(f"{folder}/")
        if not path.exists():
            raise EntryNotFoundError(f"no {wanted}")
        return str(path)

    loaders.hf_hub_download = local
    convert = loaders.NAMED_PRETRAINED_SAE_LOADERS[name]
    overrides = {"d_in": 12, "d_sae": 40, "dtype": "float32"}
    loaders.get_safetensors_tensor_shapes = lambda *_: {"w_enc": [12, 40], "w_dec": [40, 12]}
    config, state, _ = convert(repo_id=repo, folder_name=folder, device="cpu", cfg_overrides=overrides)

    config = loaders.handle_config_defaulting(config)
    from sae_lens.registry import get_sae_class

    kind, config_kind = get_sae_class(config["architecture"])
    sae = kind(config_kind.from_dict(config))
    sae.process_state_dict_for_loading(state)
    sae.load_state_dict(state, strict=False)
    sae.eval()
    if case.hints.scale:
        sae.fold_activation_norm_scaling_factor(case.hints.scale)
    elif name == "llama_scope":
        sae.fold_activation_norm_scaling_factor(12**0.5 / 2.7)
    with torch.no_grad():
        return sae.encode(torch.from_numpy(case.x)).numpy()


def converter_of(case: Any) -> tuple[str, str, str]:
    """SAELens' name of the converter, with a repository and a folder that it can parse."""
    table = {
        "gemmascope1_embedding": (
            "gemma_2",
            "google/gemma-scope-2b-pt-res",
            "embedding/width_4k/average_l0_6",
        ),
        "gemmascope1": ("gemma_2", "google/gemma-scope-2b-pt-res", "layer_12/width_16k/average_l0_82"),
        "gemmascope1_lower": ("gemma_2", "google/gemma-scope-9b-pt-res", "layer_9/width_16k/average_l0_88"),
        "gemmascope2": ("gemma_3", "google/gemma-scope-2-270m-pt", "resid_post/layer_12_width_16k_l0_medium"),
        "gemmascope2_noconfig": (
            "gemma_3",
            "google/gemma-scope-2-270m-pt",
            "resid_post/layer_12_width_16k_l0_medium",
        ),
        "gemmascope2_transcoder": (
            "gemma_3",
            "google/gemma-scope-2-270m-pt",
            "transcoder/layer_9_width_16k_l0_small_affine",
        ),
        "llamascope_r1": ("llama_scope_r1_distill", "fnlp/Llama-Scope-R1-Distill", "400M-mix/L15R"),
        "goodfire": ("goodfire", "Goodfire/Llama-3.1-8B-Instruct-SAE-l19", case.path.name),
        "deepseek_r1": ("deepseek_r1", "qresearch/x", case.path.name),
        "qwenscope": ("qwen_scope", case.hints.repo, case.path.name),
        "mwhanna": ("mwhanna_transcoder", "mwhanna/qwen3-4b-transcoders", case.path.name),
    }
    llama = ("llama_scope", "fnlp/Llama3_1-8B-Base-LXR-8x", "Llama3_1-8B-Base-L15R-8x")
    return table.get(case.name, llama)


def by_dictionary_learning(case: Any) -> Any:
    """The library's own classes, without its rescaling by decoder norms."""
    import torch
    from dictionary_learning import dictionary
    from dictionary_learning.trainers import batch_top_k, matryoshka_batch_top_k, top_k

    name = json.loads((case.path / "config.json").read_text())["trainer"]["dict_class"]
    modules = (dictionary, top_k, batch_top_k, matryoshka_batch_top_k)
    kind = next(getattr(module, name) for module in modules if hasattr(module, name))
    path = str(case.path / "ae.pt")
    options = {"normalize_decoder": False} if name == "AutoEncoder" else {}
    model = kind.from_pretrained(path, **options)
    with torch.no_grad():
        return model.encode(torch.from_numpy(case.x)).numpy()


def by_sparsify(case: Any) -> Any:
    """The library's encoder: top activations and their places."""
    import numpy as np
    import torch
    from sparsify import SparseCoder

    model = SparseCoder.load_from_disk(case.path, device="cpu", decoder=True)
    with torch.no_grad():
        found = model.encode(torch.from_numpy(case.x))
    dense = np.zeros((len(case.x), 40), np.float32)
    np.put_along_axis(dense, found.top_indices.numpy(), found.top_acts.numpy(), axis=1)
    return dense


if __name__ == "__main__":
    sys.exit(main())
