"""Checkpoint: all that a training needs to go on to the same bits, written aside and renamed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from silversmith.core.errors import ConfigError, ModelError
from silversmith.models.sae_training.buffer import Position
from silversmith.models.sae_training.curve import Curve
from silversmith.models.sae_training.normalise import Normaliser
from silversmith.models.sae_training.trainer import Trainer

__all__ = ["load_checkpoint", "save_checkpoint"]


def save_checkpoint(
    path: Path,
    trainer: Trainer,
    normaliser: Normaliser,
    position: Position,
    identity: dict[str, Any],
    curve: Curve,
) -> None:
    """Write a checkpoint. Raises ModelError S052, the last one untouched, if a parameter isn't finite."""
    tensors = {f"normaliser.{name}": tensor for name, tensor in normaliser.tensors().items()}
    tensors |= {f"trainer.{name}": tensor for name, tensor in trainer.tensors().items()}
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise ModelError("S052", f"{name} holds NaN or infinite values: training diverged")
    meta = {
        "counters": json.dumps(trainer.counters()),
        "position": position.to_json(),
        "normaliser": json.dumps({"limit": normaliser.limit, "outliers": normaliser.outliers}),
        "settings": json.dumps(trainer.settings.to_json()),
        "identity": json.dumps(identity, sort_keys=True),
        "curve": curve.to_json(),
    }
    aside = path.with_suffix(".part")
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, aside, meta)
    aside.replace(path)


def load_checkpoint(
    path: Path, trainer: Trainer, identity: dict[str, Any]
) -> tuple[Normaliser, Position, Curve]:
    """Restore the trainer; normaliser, position and curve.

    Raises ConfigError S055 if the checkpoint is of other settings, another model or text; ModelError S011 if
    it is damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            meta = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ModelError(
            "S011", f"damaged checkpoint: {error}", path=path, remedy="delete its folder to begin anew"
        ) from None
    _same(json.loads(meta["settings"]), trainer.settings.to_json(), path)
    _same(json.loads(meta["identity"]), json.loads(json.dumps(identity)), path)
    parts = {
        name.removeprefix("trainer."): one for name, one in tensors.items() if name.startswith("trainer.")
    }
    trainer.restore(parts, json.loads(meta["counters"]))
    normaliser = Normaliser(
        tensors["normaliser.mean"], tensors["normaliser.scale"], **json.loads(meta["normaliser"])
    )
    return normaliser, Position(**json.loads(meta["position"])), Curve(meta["curve"])


def _same(kept: dict[str, Any], asked: dict[str, Any], path: Path) -> None:
    """Refuse to go on with what another command began."""
    for name in {**kept, **asked}:
        if kept.get(name) != asked.get(name):
            raise ConfigError(
                "S055",
                f"the training begun there had another {name}: {kept.get(name)!r}, not {asked.get(name)!r}"[
                    :300
                ],
                path=path.parent,
                remedy="give the same command to go on, another --out, or delete that folder to begin anew",
            )
