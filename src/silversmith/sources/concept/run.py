"""One pre-training from annotations to an encoder on disk: `silversmith pretrain` and mini's own training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from silversmith.models.concepts import Background, save_parts
from silversmith.sources.concept.annotations import Annotations
from silversmith.sources.concept.backbone import Backbone
from silversmith.sources.concept.batches import Nearness
from silversmith.sources.concept.calibration import calibrate
from silversmith.sources.concept.pretraining import Corpus, PretrainOptions, Trainer
from silversmith.sources.concept.proposals import propose_all
from silversmith.sources.concept.states import States
from silversmith.sources.concept.table import make_table, suffix_pairs

__all__ = ["Pretraining", "prepare"]

BACKGROUND = 20_000
"""Spans that tell how any span lies."""


@dataclass(frozen=True)
class Pretraining:
    """A prepared training. annotations: (trained on, held out)."""

    trainer: Trainer
    annotations: tuple[Annotations, Annotations]
    seed: int

    def finish(self, path: Path, facts: dict[str, Any], tower: nn.ModuleList | None = None) -> dict[str, Any]:
        """Background and calibration, and the encoder's file. Gives the facts kept with it."""
        trainer, corpus = self.trainer, self.trainer.corpus
        total = len(corpus.table.bounds) - 1
        draw = np.random.default_rng(self.seed).permutation(total)
        each = max(1, len(corpus.table.first) // total)
        texts = sorted(draw[: -(-BACKGROUND // each)].tolist())
        background = Background.of(trainer.span_vectors(corpus.table, corpus.states, texts))
        held = corpus.held_table
        spans = trainer.span_vectors(held, corpus.held_states, range(len(held.bounds) - 1))
        names = trainer.all_names(np.arange(len(corpus.counts), dtype=np.int64))
        nearness = corpus.nearness or Nearness.of(names, iter(()))
        weights = calibrate(held, spans, names, background, nearness, seed=self.seed)
        kept = {**facts, "calibration": weights, "curve": trainer.curve}
        backbone = trainer.backbone
        save_parts(
            path,
            trainer.head,
            background,
            taps=backbone.taps,
            name_tap=backbone.name_tap,
            tower=tower,
            facts=kept,
        )
        return kept


def prepare(
    annotations: Annotations,
    held: Annotations,
    backbone: Backbone,
    candidates: tuple[Any, Any],
    options: PretrainOptions,
    work: Path,
    *,
    near_names: Callable[[tuple[str, ...]], NDArray[np.float32]] | None = None,
    negatives: int | None = None,
) -> Pretraining:
    """Read everything once (kept in `work`) and set up the training.

    held: validates and calibrates; its concepts count too, so that calibration meets names that training
    never saw. candidates: (model, generator) that propose the negatives. near_names: vectors that tell which
    names mean the same (default: the backbone's frozen states).
    """
    concepts = annotations.concepts + tuple(sorted(set(held.concepts) - set(annotations.concepts)))
    counts = annotations.counts + (0,) * (len(concepts) - len(annotations.concepts))
    identity = backbone.identity()
    states, tables = [], []
    for name, part in (("train", annotations), ("held", held)):
        texts = [document.text for document in part.documents]
        kept = States.make(
            work / f"{name}-states", texts, backbone.read(texts), backbone.width, identity, f"read {name}"
        )
        found = propose_all(part.documents, *candidates, work / f"{name}-candidates.npz")
        states.append(kept)
        tables.append(
            make_table(part.documents, kept.offsets, concepts, found, negatives=negatives, seed=options.seed)
        )
    names = States.make(
        work / "names", concepts, backbone.read_names(concepts), backbone.names, identity, "read names"
    )
    nearness = None
    if options.near is not None:
        vectors = _means(names, backbone.frame) if near_names is None else near_names(concepts)
        nearness = Nearness.of(vectors, suffix_pairs(concepts), options.near)
    corpus = Corpus(tables[0], states[0], names, counts, nearness, tables[1], states[1])
    data = {"concepts": len(concepts), "texts": len(annotations.documents), "spans": len(tables[0].first)}
    trainer = Trainer(backbone, corpus, options, {"encoder": identity, "data": data}, work / "model")
    return Pretraining(trainer, (annotations, held), options.seed)


def _means(names: States, frame: int) -> NDArray[np.float32]:
    """The mean of each name's own rows, centred over all names."""
    rows = []
    for low, high in pairwise(names.bounds.tolist()):
        part = names.rows[low + frame : high - frame] if high - low > 2 * frame else names.rows[low:high]
        rows.append(part.astype(np.float32).mean(axis=0))
    vectors = np.stack(rows)
    return np.asarray(vectors - vectors.mean(axis=0), np.float32)
