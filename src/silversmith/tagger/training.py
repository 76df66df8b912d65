"""Training: a fixed budget of steps, early stopping on held-out silver, resumable to the bit."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from silversmith.core import ModelError
from silversmith.models.encode import Window
from silversmith.tagger.checkpoint import Checkpoint
from silversmith.tagger.corpus import TrainingCorpus
from silversmith.tagger.decoders import Decoder
from silversmith.tagger.losses import Loss, Step
from silversmith.tagger.network import Network
from silversmith.tagger.options import TrainOptions
from silversmith.tagger.progress import Meter
from silversmith.tagger.tagger import DECODED, make_decoder, score_words, torch_forward
from silversmith.tagger.windows import Packed, pack, shuffled_batches

__all__ = ["Run", "train_network"]

SAVE_EVERY = 180.0
"""Seconds between checkpoints; they don't change the result."""


@dataclass(slots=True)
class Run:
    """One run: what is trained on what. frame: ids around a window. save_every: seconds, 0: each step.
    trusted: whether the held-out documents are better than silver (the user gave them)."""

    network: Network
    loss: Loss
    train: TrainingCorpus
    held: TrainingCorpus | None
    frame: tuple[int, int]
    options: TrainOptions
    checkpoint: Checkpoint
    save_every: float = SAVE_EVERY
    device: str = "cpu"
    trusted: bool = False
    history: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, Any] = field(default_factory=dict)

    @property
    def modules(self) -> nn.ModuleDict:
        """Everything with state."""
        return nn.ModuleDict({"network": self.network, "loss": self.loss})


def train_network(run: Run) -> dict[str, Any]:
    """Train; leave the best weights in the network. Returns facts: steps, best look, pieces/s.

    Raises ModelError K040 if the loss is no number (the last checkpoint and the best weights stay).
    """
    options = run.options
    run.network.to(run.device)
    run.loss.begin(np.concatenate(run.train.tags), run.network)
    run.loss.to(run.device)
    optimiser, rates = _optimiser(run)
    state = run.checkpoint.load(run.modules, optimiser) or {"step": 0, "history": [], "best": {}}
    run.history, run.best = state["history"], state["best"]
    meter, saved = Meter(options.steps, state["step"]), time.monotonic()
    stream = _stream(run, state["step"])
    done = state["step"]
    while done < options.steps and not _finished(run):
        if run.loss.looks(done, options.steps):
            run.loss.look(np.concatenate(_score(run, run.train)), done, options.steps)
        batch = next(stream)
        value = _step(run, batch, optimiser, rates(done), done)
        done += 1
        meter.step(done, value, sum(window.end - window.start for window in batch))
        if done % options.look == 0 or done == options.steps:
            _look(run, done, value, meter)
        if time.monotonic() - saved >= run.save_every:
            _save(run, optimiser, done)
            saved = time.monotonic()
    if run.best.get("file"):
        run.checkpoint.load_best(run.modules, run.best["file"])
    run.network.cpu()
    return {
        "steps": done,
        "best": {k: v for k, v in run.best.items() if k != "file"},
        "pieces_per_second": round(meter.rate),
    }


def _optimiser(run: Run) -> tuple[torch.optim.Optimizer, Callable[[int], list[float]]]:
    """AdamW with four groups (old or new layer, decayed or not) and each group's rate by step."""
    options = run.options
    groups: dict[tuple[bool, bool], list[Tensor]] = {}
    for name, one in run.modules.named_parameters():
        if one.requires_grad:
            groups.setdefault(("trunk." not in name, one.dim() > 1), []).append(one)
    parts = [
        {"params": members, "weight_decay": options.decay if decayed else 0.0, "new": new}
        for (new, decayed), members in sorted(groups.items(), key=lambda item: item[0])
    ]
    optimiser = torch.optim.AdamW(parts, lr=options.rate, fused=True)
    peaks = [options.rate * (options.head_rate if group["new"] else 1.0) for group in optimiser.param_groups]
    warm = max(1, round(options.warmup * options.steps))

    def rates(number: int) -> list[float]:
        share = min((number + 1) / warm, max(0.0, (options.steps - number) / max(1, options.steps - warm)))
        return [peak * share for peak in peaks]

    return optimiser, rates


def _stream(run: Run, skip: int) -> Iterator[list[Window]]:
    """Batches epoch after epoch; the first `skip` are passed over."""
    epoch = seen = 0
    while True:
        rng = np.random.default_rng([run.options.seed, epoch])
        for batch in shuffled_batches(run.train.windows, run.options.budget, rng):
            seen += 1
            if seen > skip:
                yield batch
        epoch += 1


def _step(
    run: Run, batch: Sequence[Window], optimiser: torch.optim.Optimizer, rates: list[float], number: int
) -> float:
    """One update of the weights; the loss."""
    torch.manual_seed(run.options.seed * 1_000_003 + number)
    run.network.train()
    run.loss.train()
    packed = pack(batch, run.train.readings, run.frame)
    ids, rows, shapes = (
        torch.from_numpy(one).to(run.device) for one in (packed.ids, packed.rows, packed.shapes)
    )
    shapes = run.network.hide(shapes, packed.lengths, run.options.hide_case)
    halved = run.options.precision == "bf16"

    def again(network: nn.Module) -> Tensor:
        with torch.autocast(run.device, torch.bfloat16, enabled=halved):
            scores: Tensor = network(ids, packed.lengths, shapes, rows)
        return scores.float()

    loss = run.loss(_packed_step(run, packed, again, number))
    value = float(loss.detach())
    if not math.isfinite(value):
        raise _not_finite(run, batch, number, value)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    trained = [one for group in optimiser.param_groups for one in group["params"]]
    torch.nn.utils.clip_grad_norm_(trained, run.options.clip)
    for group, rate in zip(optimiser.param_groups, rates, strict=True):
        group["lr"] = rate
    optimiser.step()
    return value


def _packed_step(run: Run, packed: Packed, again: Callable[[nn.Module], Tensor], number: int) -> Step:
    """The forward pass and the labels of its words."""
    owners, train = packed.owners, run.train
    parts = [
        (int(owners[low, 0]), int(owners[low, 1]), low, high - low)
        for low, high in pairwise(packed.bounds)
        if high > low
    ]
    tags = np.concatenate([train.tags[n][begin : begin + size] for n, begin, _, size in parts])
    certain = np.concatenate([train.certain[n][begin : begin + size] for n, begin, _, size in parts])
    spans = []
    if run.loss.needs_spans:
        place = {label: number for number, label in enumerate(run.loss.tags.labels)}
        spans = [
            (first - begin + low, last - begin + low, place[label])
            for n, begin, low, size in parts
            for first, last, label in train.spans[n]
            if begin <= first and last <= begin + size
        ]
    return Step(
        again(run.network),
        torch.from_numpy(tags).to(run.device),
        torch.from_numpy(certain).to(run.device),
        torch.tensor(spans, dtype=torch.int64, device=run.device).reshape(-1, 3),
        packed.bounds,
        torch.from_numpy(train.begins[owners[:, 0]] + owners[:, 1]).to(run.device),
        number,
        run.options.steps,
        run.network,
        again,
    )


def _not_finite(run: Run, batch: Sequence[Window], number: int, value: float) -> ModelError:
    names = sorted({run.train.names[window.text] for window in batch})
    shown = ", ".join(map(repr, names[:5])) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return ModelError(
        "K040",
        f"the loss became {value} at step {number + 1} (documents {shown})",
        path=run.checkpoint.folder,
        remedy="the last good checkpoint stays there; try a lower --rate",
    )


def _score(run: Run, corpus: TrainingCorpus) -> list[Any]:
    """Scores of all words of a corpus by the network as it is."""
    run.network.eval()
    options = run.options
    return score_words(
        corpus.readings,
        torch_forward(run.network, run.device),
        run.network.out.out_features,
        run.frame,
        options.window,
        options.overlap,
        2048,
    )


def _decoder(run: Run) -> Decoder:
    """The network's decoder, with its weights as they are."""
    parts = {
        name: one.detach().cpu().numpy() for name, one in run.network.state_dict().items() if name in DECODED
    }
    head = "spans" if run.loss.needs_spans else "tags"
    return make_decoder({"labels": list(run.loss.tags.labels), "head": head}, parts)


def _look(run: Run, number: int, loss: float, meter: Meter) -> None:
    """Score the held-out documents; keep the weights if they are the best so far."""
    if run.held is None:
        return
    scores = _score(run, run.held)
    right = found = marked = 0
    for spans, gold in zip(_decoder(run).spans(scores), run.held.tags, strict=True):
        one, other = set(spans), set(run.loss.tags.decode(gold))
        right, found, marked = right + len(one & other), found + len(one), marked + len(other)
    f1 = 2 * right / max(found + marked, 1)
    look = {"step": number, "loss": round(loss, 6), "f1": round(f1, 6), "found": found, "marked": marked}
    run.history.append(look)
    meter.note(
        f"train: step {number}, loss {loss:.4f}, held-out F1 {f1:.4f} ({found} found, {marked} marked)"
    )
    if f1 > run.best.get("f1", -1.0) or _outgrown(run, number):
        run.best = look | {"file": run.checkpoint.save_best(run.modules, number)}


def _outgrown(run: Run, number: int) -> bool:
    """Whether the held-out silver says nothing any more."""
    return not run.trusted and run.loss.outgrows(number, run.options.steps)


def _finished(run: Run) -> bool:
    """Whether the held-out score has not risen for `patience` looks."""
    if not run.options.patience or not run.best or not run.history:
        return False
    if _outgrown(run, run.options.steps):
        return False  # the loss will leave its silver behind: until then the score says nothing of the end
    since = sum(one["step"] > run.best["step"] for one in run.history)
    return bool(since >= run.options.patience)


def _save(run: Run, optimiser: torch.optim.Optimizer, done: int) -> None:
    """A checkpoint after step `done`."""
    run.checkpoint.save(run.modules, optimiser, {"step": done, "history": run.history, "best": run.best})
    run.checkpoint.keep_only(run.best.get("file"))
