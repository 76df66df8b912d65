"""A concept encoder's file: head, background and, for `mini`, two blocks of a tower; 8 bits a weight."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from silversmith.core import ModelError, checksum
from silversmith.models.concepts.encoder import Background, ConceptEncoder
from silversmith.models.concepts.head import ConceptHead, HeadConfig
from silversmith.models.encode import LanguageModel
from silversmith.models.trunk import Block, TrunkConfig, dequantise, quantise_rows

__all__ = ["load_concept_part", "load_parts", "save_parts"]

SMALL = 4096
"""Tensors of fewer values stay in 32 bits."""


def save_parts(
    path: Path,
    head: ConceptHead,
    background: Background,
    *,
    taps: tuple[int, ...],
    name_tap: int,
    tower: nn.ModuleList | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write the file. tower: blocks on top of the model that the states come from."""
    state = {f"head.{name}": one for name, one in head.state_dict().items()}
    if tower is not None:
        state |= {f"tower.{name}": one for name, one in tower.state_dict().items()}
    state["background.mean"] = torch.from_numpy(background.mean)
    tensors: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if tensor.dim() == 2 and tensor.numel() >= SMALL:
            values, scale = quantise_rows(tensor.float())
            tensors |= {name: values, f"{name}.scale": scale}
        else:
            tensors[name] = tensor.float().contiguous()
    tensors["background.covariance"] = torch.from_numpy(background.covariance)
    meta = {
        "head": json.dumps(asdict(head.config), sort_keys=True),
        "taps": json.dumps(list(taps)),
        "name_tap": str(name_tap),
        "blocks": str(0 if tower is None else len(tower)),
        "facts": json.dumps(dict(facts or {}), sort_keys=True),
    }
    save_file(tensors, path, meta)


def load_parts(path: Path, config: TrunkConfig | None = None) -> tuple[dict[str, Any], nn.ModuleList]:
    """(what ConceptEncoder takes beside its model, the tower's blocks: none, or as `config` shapes them).

    Raises ModelError S070 if the file holds no concept encoder, or one whose tower this model can't carry.
    """
    try:
        with safe_open(path, framework="pt") as file:
            meta = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        shape = HeadConfig(**json.loads(meta["head"]))
        state = {
            name: dequantise(one, tensors[f"{name}.scale"]) if f"{name}.scale" in tensors else one.float()
            for name, one in tensors.items()
            if not name.endswith(".scale")
        }
        head = ConceptHead(shape)
        head.load_state_dict(_under(state, "head."))
        tower = nn.ModuleList()
        if blocks := int(meta["blocks"]):
            if config is None:
                raise ValueError("its tower belongs on the trunk of mini")
            tower = nn.ModuleList(Block(config) for _ in range(blocks))
            tower.load_state_dict(_under(state, "tower."))
        background = Background(state["background.mean"].numpy(), state["background.covariance"].numpy())
        parts = {
            "head": head.eval().requires_grad_(False),
            "taps": tuple(json.loads(meta["taps"])),
            "name_tap": int(meta["name_tap"]),
            "background": background,
            "facts": {**json.loads(meta["facts"]), "weights": checksum(path)},
        }
    except (SafetensorError, OSError, KeyError, ValueError, RuntimeError, TypeError) as error:
        line = str(error).splitlines()[0][:200]
        raise ModelError("S070", f"no concept encoder: {line}", path=path) from None
    return parts, tower.eval().requires_grad_(False)


def load_concept_part(path: Path, model: LanguageModel) -> ConceptEncoder:
    """A concept encoder without a tower, on the model it was trained on. Raises ModelError S070."""
    parts, _ = load_parts(path)
    return ConceptEncoder(model, **parts)


def _under(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors of one part under their own names."""
    return {name.removeprefix(prefix): one for name, one in state.items() if name.startswith(prefix)}
