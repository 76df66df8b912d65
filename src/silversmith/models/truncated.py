"""The first blocks of a Hugging Face model: only they, and the embedding, are built and read from disk."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from silversmith.core.errors import ModelError

__all__ = ["Loaded", "find_blocks", "load_truncated", "text_config"]

LATER = re.compile(r"(?:^|\.)(?:layers|layer|h|blocks|block)\.(\d+)\.")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model of few blocks. read: names of the tensors read from disk; skipped: those that were not."""

    model: nn.Module
    config: Any
    read: tuple[str, ...]
    skipped: tuple[str, ...]


def load_truncated(
    folder: Path | str, blocks: int | None = None, dtype: torch.dtype = torch.float32
) -> Loaded:
    """Blocks 0 .. blocks - 1 (None: all) of the model in a local folder, without head, in evaluation mode.

    Raises ModelError: S030 no model there, S026 more blocks asked than it has, S011 damaged weights,
    S032 tensors that its blocks need are missing.
    """
    folder = Path(folder)
    gguf = sorted(folder.glob("*.gguf")) if folder.is_dir() else [folder] if folder.suffix == ".gguf" else []
    if gguf:
        return _load_gguf(gguf[0], blocks, dtype)
    config = _shorten(_read_config(folder), blocks, folder)
    transformers = _transformers()
    with torch.device("meta"):
        empty = transformers.AutoModel.from_config(config)
    expected = set(empty.state_dict())
    files = _weight_files(folder)
    prefix = _prefix(files, expected)
    tensors, skipped = _read(files, prefix, expected, int(config.num_hidden_layers))
    missing = [name for name in sorted(expected - set(tensors)) if LATER.search(f"{name}.")]
    if missing:
        raise ModelError(
            "S032",
            f"expected {len(expected)} tensors for {config.num_hidden_layers} blocks, {missing[0]!r} and "
            f"{len(missing) - 1} more are missing",
            path=folder,
            remedy="download the model again: silversmith models add NAME",
        )
    read = tuple(sorted(tensors))
    with _Quiet(transformers):
        model = type(empty).from_pretrained(
            None, config=config, state_dict=tensors, dtype=dtype, **_attention(config)
        )
    return Loaded(model.eval().requires_grad_(False), config, read, tuple(sorted(skipped)))


def text_config(config: Any) -> Any:
    """The configuration of the text model (multimodal models nest it)."""
    return config.get_text_config() if hasattr(config, "get_text_config") else config


def find_blocks(model: nn.Module, count: int | None = None) -> nn.ModuleList:
    """The list of the model's blocks: the longest list of alike modules, inside its text part.

    Raises ModelError S031 if there is none.
    """
    lists = [
        (name, module)
        for name, module in model.named_modules()
        if isinstance(module, nn.ModuleList) and len(module)
    ]
    alike = [(name, one) for name, one in lists if len({type(block) for block in one}) == 1]
    text = [pair for pair in alike if not re.search("vision|audio|image", pair[0])]
    if count is not None:
        text = [pair for pair in text if len(pair[1]) == count] or text
    outer = [pair for pair in text if not any(pair[0].startswith(f"{other[0]}.") for other in text)]
    if not outer:
        raise ModelError(
            "S031",
            f"expected a list of transformer blocks in {type(model).__name__}, found none",
            remedy="give an encoder or decoder of the transformers library",
        )
    return max(outer, key=lambda pair: len(pair[1]))[1]


def _transformers() -> Any:
    try:
        import transformers
    except ImportError:
        raise ModelError(
            "S033",
            "language models need the transformers library",
            remedy="pip install 'silversmith[transformers]'",
        ) from None
    return transformers


class _Quiet:
    """Keeps the library's report of loading (absent heads are what we want) off the terminal."""

    def __init__(self, transformers: Any) -> None:
        self.logging = transformers.utils.logging

    def __enter__(self) -> None:
        self.level = self.logging.get_verbosity()
        self.logging.set_verbosity_error()
        self.bars = self.logging.is_progress_bar_enabled()
        self.logging.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        self.logging.set_verbosity(self.level)
        if self.bars:
            self.logging.enable_progress_bar()


def _read_config(folder: Path) -> Any:
    if not (folder / "config.json").is_file():
        raise ModelError(
            "S030",
            "expected a model's folder with config.json, found none",
            path=folder,
            remedy="give a local folder, or add the model first: silversmith models add NAME",
        )
    try:
        return text_config(_transformers().AutoConfig.from_pretrained(folder, local_files_only=True))
    except (ValueError, KeyError, OSError) as error:
        line = str(error).strip().splitlines()[0][:200]
        raise ModelError(
            "S030", f"its configuration can't be used: {line}", path=folder / "config.json"
        ) from None


def _shorten(config: Any, blocks: int | None, folder: Path) -> Any:
    """The configuration of the first blocks; the list of layer kinds stays aligned."""
    depth = int(config.num_hidden_layers)
    if blocks is None:
        return config
    if not 0 <= blocks <= depth:
        raise ModelError(
            "S026",
            f"expected a layer from 0 to {depth - 1}, the blocks of this model, found layer {blocks - 1}",
            path=folder,
            remedy="choose an autoencoder of this model: silversmith models",
        )
    kinds = getattr(config, "layer_types", None)
    config.num_hidden_layers = max(1, blocks)  # some models can't be built with none
    if kinds is not None:
        config.layer_types = list(kinds)[: max(1, blocks)]
    return config


def _attention(config: Any) -> dict[str, str]:
    """Fused attention can't soft-cap its logits (Gemma 2); else the library's choice."""
    return {"attn_implementation": "eager"} if getattr(config, "attn_logit_softcapping", None) else {}


def _weight_files(folder: Path) -> dict[str, Path]:
    """Tensor name -> file, from the index or the one file."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        mapping: dict[str, str] = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        return {name: folder / file for name, file in mapping.items()}
    single = folder / "model.safetensors"
    if not single.is_file():
        raise ModelError(
            "S030",
            "expected model.safetensors, found none",
            path=folder,
            remedy="a pytorch_model.bin is a pickle: convert it with save_pretrained() elsewhere",
        )
    return dict.fromkeys(_keys(single), single)


def _keys(file: Path) -> list[str]:
    try:
        with safe_open(file, framework="pt") as opened:
            return list(opened.keys())
    except (SafetensorError, OSError) as error:
        raise ModelError(
            "S011",
            f"half-downloaded or damaged: {error} ({file.stat().st_size if file.exists() else 0} bytes)",
            path=file,
            remedy="copy or download it again: silversmith models add NAME",
        ) from None


def _prefix(names: Iterable[str], expected: set[str]) -> str:
    """What stands before the text model's names in the file (`model.`, `language_model.model.`)."""
    found: Counter[str] = Counter()
    for name in names:
        parts = name.split(".")
        for cut in range(len(parts)):
            if ".".join(parts[cut:]) in expected:
                found["".join(f"{part}." for part in parts[:cut])] += 1
                break
    return found.most_common(1)[0][0] if found else ""


def _read(
    files: dict[str, Path], prefix: str, expected: set[str], blocks: int
) -> tuple[dict[str, torch.Tensor], list[str]]:
    """The tensors that the short model has, read one by one; names of all others."""
    wanted: dict[Path, list[str]] = {}
    skipped = []
    for name, file in files.items():
        later = LATER.search(name)
        if name.removeprefix(prefix) in expected and not (later and int(later.group(1)) >= blocks):
            wanted.setdefault(file, []).append(name)
        else:
            skipped.append(name)
    tensors = {}
    for file, names in wanted.items():
        _keys(file)  # a damaged shard is named before anything is read
        with safe_open(file, framework="pt") as opened:
            tensors.update({name.removeprefix(prefix): opened.get_tensor(name) for name in names})
    return tensors, skipped


def _load_gguf(file: Path, blocks: int | None, dtype: torch.dtype) -> Loaded:
    """A quantised file through transformers + gguf (which widen all of it), cut afterwards."""
    transformers = _transformers()
    try:
        with _Quiet(transformers):
            model = transformers.AutoModelForCausalLM.from_pretrained(
                file.parent, gguf_file=file.name, dtype=dtype, local_files_only=True
            )
    except ImportError as error:
        line = str(error).strip().splitlines()[0][:160]
        raise ModelError(
            "S033",
            f"GGUF needs more libraries: {line}",
            path=file,
            remedy="pip install 'silversmith[models]'",
        ) from None
    config = text_config(model.config)
    model = getattr(model, "model", model)
    found = find_blocks(model, int(config.num_hidden_layers))
    _shorten(config, blocks, file)
    read = tuple(model.state_dict())
    if blocks is not None:
        del found[max(1, blocks) :]
    return Loaded(model.eval().requires_grad_(False), config, read, ())
