"""Pre-training (NuNER, sections 3.2 and 4): names and what they name come to lie side by side."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from silversmith.core import ModelError
from silversmith.models.concepts.head import ConceptHead, HeadConfig
from silversmith.sources.concept.backbone import Backbone
from silversmith.sources.concept.batches import Batch, Nearness, Sampler, read_batch
from silversmith.sources.concept.loss import TokenHead, span_loss, token_loss
from silversmith.sources.concept.states import States
from silversmith.sources.concept.table import Table
from silversmith.tagger.checkpoint import Checkpoint

__all__ = ["Corpus", "PretrainOptions", "Trainer", "average_precision"]

SEEN = 5
"""Validation counts concepts that training saw so often (METHODS 4.3)."""


@dataclass(frozen=True)
class PretrainOptions:
    """texts, names: of a batch. rate: of the heads; tower_rate: of the encoder's upper blocks. near: cosine
    from which two names are no negatives of each other (None: all are). tokens: weight of the paper's loss
    on tokens beside that on spans (a frozen encoder has nothing to learn from it). alike: weight of the
    difference between the names' cosines and those of the vectors that `near` is judged by."""

    epochs: int = 3
    texts: int = 32
    names: int = 192
    rate: float = 1e-3
    tower_rate: float = 1e-4
    warmup: float = 0.1
    decay: float = 0.01
    dropout: float = 0.1
    near: float | None = 0.7
    tokens: float = 1.0
    alike: float = 0.0
    project: int = 256
    hidden: int = 384
    size: int = 256
    seed: int = 0


@dataclass(frozen=True)
class Corpus:
    """What is trained on. names: frozen rows of the concepts, in their order."""

    table: Table
    states: States
    names: States
    counts: tuple[int, ...]
    nearness: Nearness | None
    held_table: Table
    held_states: States


class Trainer:
    """One pre-training. identity: whatever else decides the result (data, encoder)."""

    def __init__(
        self,
        backbone: Backbone,
        corpus: Corpus,
        options: PretrainOptions,
        identity: dict[str, Any],
        out: Path,
    ) -> None:
        torch.manual_seed(options.seed)
        self.backbone, self.corpus, self.options = backbone, corpus, options
        config = HeadConfig(backbone.states, backbone.names, options.project, options.hidden, options.size)
        self.head = ConceptHead(config)
        trained = nn.ParameterList(backbone.parameters())
        self.token = TokenHead(backbone.names, backbone.names) if len(trained) and options.tokens else None
        parts: dict[str, nn.Module] = {"head": self.head, "tower": trained}
        if self.token is not None:
            parts["token"] = self.token
        self.modules = nn.ModuleDict(parts)
        heads = [*self.head.parameters(), *(self.token.parameters() if self.token else [])]
        groups = [
            {"params": heads, "rate": options.rate},
            {"params": list(trained), "rate": options.tower_rate},
        ]
        groups = [{**one, "lr": one["rate"]} for one in groups if one["params"]]
        self.optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.999), eps=1e-6, weight_decay=options.decay)
        self.sampler = Sampler(
            corpus.table, corpus.counts, texts=options.texts, names=options.names, seed=options.seed
        )
        self.steps = options.epochs * self.sampler.steps
        self.checkpoint = Checkpoint(out, {"options": asdict(options), **identity})
        self.step = 0
        self.curve: list[dict[str, float]] = []

    def run(
        self,
        *,
        minutes: float | None = None,
        every: float = 120.0,
        looks: int = 2,
        say: Callable[[dict[str, float]], None] = lambda _: None,
    ) -> bool:
        """Train to the end, or for some minutes; whether it is done. A checkpoint lies there every so often.

        looks: validations an epoch. say: called with each step's numbers. Raises ModelError O010 on NaN.
        """
        if state := self.checkpoint.load(self.modules, self.optimiser):
            self.step, self.curve = state["step"], state["curve"]
        begin = saved = time.monotonic()
        first, losses = self.step, []
        gap = max(1, self.sampler.steps // looks)
        while self.step < self.steps:
            losses.append(self.train_step())
            self.step += 1
            now = time.monotonic()
            numbers = {"step": self.step, "steps": self.steps, "loss": float(np.mean(losses[-50:]))}
            if self.step % gap == 0 or self.step == self.steps:
                numbers |= self.validate()
                self.curve.append(numbers)
            rate = (now - begin) / (self.step - first)
            say(
                {
                    **numbers,
                    "texts_per_second": self.options.texts / rate,
                    "left": rate * (self.steps - self.step),
                }
            )
            late = minutes is not None and now - begin > 60 * minutes
            if now - saved > every or late or self.step == self.steps:
                self.save()
                saved = now
            if late:
                return self.step >= self.steps
        return True

    def save(self) -> None:
        """Write the checkpoint."""
        self.checkpoint.save(self.modules, self.optimiser, {"step": self.step, "curve": self.curve})

    def train_step(self) -> float:
        """One step, at `step`; its loss."""
        share = min(1.0, (self.step + 1) / max(1, self.options.warmup * self.steps))
        left = (self.steps - self.step) / max(1, self.steps * (1 - self.options.warmup))
        for group in self.optimiser.param_groups:
            group["lr"] = group["rate"] * min(share, left)
        torch.manual_seed(self.options.seed * 1_000_003 + self.step)
        self.modules.train()
        texts = self.sampler.texts_of(self.step)
        concepts = self.sampler.concepts_of(self.step, texts)
        corpus = self.corpus
        batch = read_batch(corpus.table, corpus.states, texts, concepts, corpus.nearness, self.backbone.frame)
        loss = self.loss(batch)
        if not bool(torch.isfinite(loss)):
            raise ModelError(
                "O010", f"the loss is no number at step {self.step}, texts {texts[:5]}", remedy="lower --rate"
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.modules.parameters(), 1.0)
        self.optimiser.step()
        return float(loss.detach())

    def loss(self, batch: Batch) -> Tensor:
        """Of one batch."""
        options = self.options
        raw = self._names(batch.concepts)
        states = self.backbone.raise_rows(batch.rows, batch.lengths)
        names = self.head.names(raw)
        found = span_loss(self.head, self.head.spans(states, batch.places, options.dropout), names, batch)
        if self.token is not None:
            top = states[:, -self.backbone.names :]
            top = F.dropout(top, options.dropout, self.modules.training)
            found = found + options.tokens * token_loss(self.token, top, raw, batch)
        nearness = self.corpus.nearness
        if options.alike and nearness is not None:
            vectors = torch.from_numpy(nearness.vectors[batch.concepts])
            found = found + options.alike * (names @ names.T - vectors @ vectors.T).square().mean()
        return found

    def _names(self, concepts: NDArray[np.int64]) -> Tensor:
        """States of names [C, names width], with gradient where the tower is trained."""
        rows, lengths = self.corpus.names.of(concepts.tolist())
        return self.backbone.raise_names(torch.from_numpy(rows), lengths)

    def all_names(self, concepts: NDArray[np.int64]) -> NDArray[np.float32]:
        """Vectors of names [C, size]."""
        self.modules.eval()
        with torch.inference_mode():
            parts = [
                self.head.names(self._names(concepts[n : n + 256])) for n in range(0, len(concepts), 256)
            ]
        return torch.cat(parts).numpy()

    def span_vectors(self, table: Table, states: States, texts: Sequence[int]) -> NDArray[np.float32]:
        """Vectors of all spans of some texts [spans, size]."""
        self.modules.eval()
        none = np.empty(0, np.int64)
        found = [np.empty((0, self.options.size), np.float32)]
        for begin in range(0, len(texts), 32):
            part = texts[begin : begin + 32]
            batch = read_batch(table, states, part, none, None, self.backbone.frame)
            with torch.inference_mode():
                rows = self.backbone.raise_rows(batch.rows, batch.lengths)
                found.append(self.head.spans(rows, batch.places).numpy())
        return np.concatenate(found)

    def validate(self) -> dict[str, float]:
        """Mean average precision of concepts seen often enough in training, over the held-out spans; and the
        share of marked spans whose nearest such concept is one of theirs."""
        table = self.corpus.held_table
        spans = self.span_vectors(table, self.corpus.held_states, range(len(table.bounds) - 1))
        often = np.nonzero(np.asarray(self.corpus.counts) >= SEEN)[0].astype(np.int64)
        likeness = spans @ self.all_names(often).T
        marked = table.marked[:, often].toarray().astype(np.bool_)
        counted = ~table.elsewhere[:, often].toarray().astype(np.bool_)
        values = [
            average_precision(likeness[counted[:, n], n], marked[counted[:, n], n])
            for n in np.nonzero(marked.any(axis=0))[0]
        ]
        known = marked.any(axis=1)
        best = likeness[known].argmax(axis=1)
        hit = marked[known][np.arange(len(best)), best]
        return {
            "map": float(np.mean(values)) if values else math.nan,
            "nearest": float(hit.mean()) if len(hit) else math.nan,
        }


def average_precision(scores: NDArray[np.floating[Any]], right: NDArray[np.bool_]) -> float:
    """Mean of the precision at each right one, the best score first (ties: in order)."""
    order = np.argsort(-scores, kind="stable")
    hits = right[order]
    total = int(hits.sum())
    if not total:
        return math.nan
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].sum() / total)
