"""Checkpoint: a run's whole state in two files, so that a killed run goes on and ends with the same bytes.

Beside FOLDER lies `FOLDER.training/`: `state-N.safetensors` with weights and moments, and `state.json`,
which names the valid file and is replaced in one step. Randomness is drawn anew from (seed, step), so no
generator has to be kept.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

__all__ = ["Checkpoint", "trained_state"]


def trained_state(module: nn.Module) -> dict[str, Tensor]:
    """Parameters that training changes, and buffers."""
    changed = {name: one.detach() for name, one in module.named_parameters() if one.requires_grad}
    return changed | dict(module.named_buffers())


class Checkpoint:
    """The folder of one run. settings: whatever decides the result; a checkpoint of others is ignored."""

    def __init__(self, out: Path, settings: dict[str, Any]) -> None:
        self.folder = out.with_name(out.name + ".training")
        self.settings = json.loads(json.dumps(settings))

    @property
    def best_path(self) -> Path:
        """The weights with the best score on the held-out documents."""
        return self.folder / "best.safetensors"

    def save(self, modules: nn.ModuleDict, optimiser: torch.optim.Optimizer, state: dict[str, Any]) -> None:
        """Write everything aside, then name it. state: JSON values, among them the step."""
        self.folder.mkdir(parents=True, exist_ok=True)
        tensors = {f"model.{name}": one.contiguous() for name, one in trained_state(modules).items()}
        for number, moments in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{name}": one.contiguous() for name, one in moments.items()}
        name = f"state-{state['step']}.safetensors"
        _write(self.folder / name, tensors)
        record = {"settings": self.settings, "file": name, "state": state}
        aside = self.folder / "state.json.new"
        aside.write_text(json.dumps(record), encoding="utf-8")
        aside.replace(self.folder / "state.json")
        for old in self.folder.glob("state-*.safetensors"):
            if old.name != name:
                old.unlink()

    def save_best(self, modules: nn.ModuleDict, number: int) -> str:
        """Keep the weights as the best so far; the name to remember in the state."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"best-{number}.safetensors"
        _write(self.folder / name, {key: one.contiguous() for key, one in trained_state(modules).items()})
        return name

    def load(self, modules: nn.ModuleDict, optimiser: torch.optim.Optimizer) -> dict[str, Any] | None:
        """Put an earlier run's state back; its JSON values, or None if there is none of these settings."""
        try:
            record = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
            if record["settings"] != self.settings:
                return None
            tensors = load_file(self.folder / record["file"])
        except (OSError, ValueError, KeyError, SafetensorError):
            return None
        _copy(
            modules, {n.removeprefix("model."): one for n, one in tensors.items() if n.startswith("model.")}
        )
        moments: dict[int, dict[str, Tensor]] = {}
        for name, one in tensors.items():
            if name.startswith("optimiser."):
                _, number, key = name.split(".", 2)
                moments.setdefault(int(number), {})[key] = one
        optimiser.load_state_dict({"state": moments, "param_groups": optimiser.state_dict()["param_groups"]})
        state: dict[str, Any] = record["state"]
        return state

    def load_best(self, modules: nn.ModuleDict, name: str) -> None:
        """Put the best weights back."""
        _copy(modules, load_file(self.folder / name))

    def keep_only(self, name: str | None) -> None:
        """Remove best weights of an earlier look."""
        for old in self.folder.glob("best-*.safetensors"):
            if old.name != name:
                old.unlink()

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _copy(modules: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Values into parameters and buffers in place (the optimiser holds them)."""
    mine = trained_state(modules)
    with torch.no_grad():
        for name, one in tensors.items():
            mine[name].copy_(one)


def _write(path: Path, tensors: dict[str, Tensor]) -> None:
    """Write aside, sync, rename."""
    aside = path.with_name(path.name + ".new")
    try:
        save_file(tensors, aside)
        with aside.open("rb") as file:
            os.fsync(file.fileno())
    except (OSError, SafetensorError) as error:
        aside.unlink(missing_ok=True)
        raise _full(error, path) from error
    aside.replace(path)


def _full(error: Exception, path: Path) -> OSError:
    """safetensors reports a full disk in its own class; the commands know OSError."""
    import errno

    if isinstance(error, OSError) and error.errno is not None:
        return error
    full = "No space left" in str(error) or "os error 28" in str(error)
    return OSError(errno.ENOSPC if full else errno.EIO, str(error), str(path))
