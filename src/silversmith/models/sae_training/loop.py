"""The loop: states in, steps, a line for people, checkpoints, an end; then the artefact."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from silversmith.core.errors import ConfigError, ModelError
from silversmith.models.sae_training.buffer import Buffer, Position
from silversmith.models.sae_training.checkpoint import load_checkpoint, save_checkpoint
from silversmith.models.sae_training.curve import Curve
from silversmith.models.sae_training.display import Display
from silversmith.models.sae_training.export import write_sae
from silversmith.models.sae_training.kinds import make_trainer
from silversmith.models.sae_training.normalise import Normaliser
from silversmith.models.sae_training.settings import Settings
from silversmith.models.sae_training.states import States
from silversmith.models.sae_training.trainer import Trainer

__all__ = ["judge", "train", "work_folder"]

CHECKPOINT = "checkpoint.safetensors"
SOON = 30.0
"""Seconds after which a new filling of the buffer is worth a checkpoint: it took long to read."""


def train(
    states: States,
    settings: Settings,
    out: Path,
    *,
    name: str,
    model: str,
    minutes: float = 5.0,
    **fields: Any,
) -> dict[str, Any]:
    """Train, going on where an earlier run of the same command stopped; write the artefact at `out`.

    minutes: between checkpoints, which lie in `work_folder(out)` until the end. model: its name, for the
    files. fields: more for the manifest. Returns the report: explained variance (of raw states held out),
    L0, dead share, pieces, outliers.
    Raises ConfigError S055 (begun with other settings), S056 (finished already); ModelError S052 if the
    training diverged: the last checkpoint stays.
    """
    if (out / "manifest.json").is_file():
        raise ConfigError(
            "S056", "there is a trained autoencoder already", path=out, remedy="give another --out"
        )
    work = work_folder(out)
    work.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        identity = states.identity()
        trainer = make_trainer(settings, states.width)
        normaliser, position, curve = _start(trainer, states, identity, work)
        display = Display(settings, trainer.count)
        buffer = Buffer(states, normaliser, settings, position, work / "buffer.safetensors", display.filling)

        def keep() -> None:
            save_checkpoint(work / CHECKPOINT, trainer, normaliser, buffer.position, identity, curve)

        try:
            _steps(trainer, buffer, curve, display, keep, 60 * minutes)
        except ModelError as error:
            raise _explained(error, work) from None
        report = judge(trainer, normaliser, _sample(states, settings)[0])
    report |= {"steps": trainer.count, "revived": trainer.revived}
    report |= {"pieces": buffer.position.read, "outliers": buffer.position.far}
    write_sae(
        out, trainer, normaliser, name=name, tap=states.tap, model=model, report=report, curve=curve,
        inputs=identity, **fields,
    )  # fmt: skip
    shutil.rmtree(work)
    return report


def work_folder(out: Path) -> Path:
    """Where checkpoints lie while the artefact at `out` is in the making."""
    return out.with_name(f"{out.name}.training")


def judge(trainer: Trainer, normaliser: Normaliser, sample: Tensor) -> dict[str, float]:
    """Explained variance in the space of raw states (without outliers), L0, share never active."""
    fired = torch.zeros(trainer.settings.latents, dtype=torch.bool)
    kept = sample[sample.norm(dim=1) <= normaliser.limit] if normaliser.outliers != "keep" else sample
    wrong = active = 0.0
    for rows in torch.split(kept, 1024):
        entries, a = trainer.encode(normaliser(rows)[0])
        back = entries.times(a, trainer.dictionary.decoder) * normaliser.scale + normaliser.mean
        wrong += float((back - rows).pow(2).sum())
        active += int((a > 0).sum())
        fired[entries.columns[a > 0]] = True
    total = float((kept - kept.mean(0)).pow(2).sum())
    return {
        "explained_variance": round(1 - wrong / total, 6),
        "l0": round(active / len(kept), 4),
        "never_active": round(1 - float(fired.float().mean()), 6),
        "held_out": len(kept),
    }


def _sample(states: States, settings: Settings) -> tuple[Tensor, int]:
    """(the first states, which are held out, and the cursor after them)."""
    parts: list[Tensor] = []
    cursor = 0
    for _, cursor, rows in states.chunks(0):  # noqa: B007
        parts.append(rows)
        if sum(map(len, parts)) >= settings.sample:
            break
    return torch.cat(parts)[: settings.sample], cursor


def _start(
    trainer: Trainer, states: States, identity: dict[str, Any], work: Path
) -> tuple[Normaliser, Position, Curve]:
    """From the checkpoint, if there is one, else from the beginning."""
    path = work / CHECKPOINT
    if path.is_file():
        found = load_checkpoint(path, trainer, identity)
        sys.stderr.write(f"silversmith: going on after step {trainer.count:,} of {trainer.end:,} ({path})\n")
        return found
    sample, cursor = _sample(states, trainer.settings)
    return Normaliser.measure(sample, trainer.settings), Position(cursor), Curve()


def _steps(
    trainer: Trainer,
    buffer: Buffer,
    curve: Curve,
    display: Display,
    keep: Callable[[], None],
    seconds: float,
) -> None:
    """All steps that are left; a checkpoint every so many seconds and at the end."""
    saved = time.monotonic()
    try:
        for x in buffer if trainer.count < trainer.end else ():
            progress = trainer.step(x)
            ended = curve.add(progress)
            patience = trainer.settings.plateau
            if ended and patience and trainer.count < trainer.decay_from and curve.flat_for() >= patience:
                trainer.decay_now()
            display.step(progress, trainer.end, buffer.seconds, buffer.filled)
            if trainer.count >= trainer.end:
                break
            waited = time.monotonic() - saved
            if waited >= seconds or (buffer.position.used == 1 and waited >= SOON):
                keep()
                saved = time.monotonic()
    finally:
        display.close()
    curve.close(trainer.count)
    keep()


def _explained(error: ModelError, work: Path) -> ModelError:
    """What to do about a training that diverged."""
    kept = work / CHECKPOINT
    held = f"the last checkpoint is kept: {kept}" if kept.is_file() else "there was no checkpoint yet"
    remedy = error.remedy or "give a smaller --lr and another --out, or --outliers drop"
    return ModelError(error.code, error.what, where=held, remedy=remedy)
