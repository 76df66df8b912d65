"""`train_tagger`: silver documents in, a tagger's folder out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from silversmith.core import Document
from silversmith.tagger.corpus import TrainingCorpus, check_silver
from silversmith.tagger.options import TrainOptions, make_train_options
from silversmith.tagger.reading import Reader
from silversmith.tagger.tags import TagSet

if TYPE_CHECKING:
    from silversmith.models.trunk import Trunk
    from silversmith.tagger.encoders import Encoder
    from silversmith.tagger.losses import Loss
    from silversmith.tagger.network import Network
    from silversmith.tagger.training import Run

__all__ = ["digest", "split_held_out", "train_tagger"]


def train_tagger(
    documents: Iterable[Document],
    out: Path | str,
    options: TrainOptions | None = None,
    *,
    held_out: Sequence[Document] | None = None,
    labels: Sequence[str] | None = None,
    save_every: float | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """Train a tagger and write its folder. A killed run goes on if it is called again with the same input.

    held_out: documents to stop by, instead of a share of `documents`. labels: the types (default: those of
    the documents). save_every: seconds between checkpoints. fields: go into the manifest.
    Returns facts of the run. Raises DataError K020 to K023, ConfigError K001 to K003, ModelError K010 to
    K012 the encoder, K040 the loss became no number.
    """
    from silversmith.tagger.store import write_tagger
    from silversmith.tagger.training import train_network

    options, out = options or make_train_options(), Path(out)
    run, encoder, why = _prepare(list(documents), held_out, labels, out, options)
    if save_every is not None:
        run.save_every = save_every
    facts = train_network(run)
    rate = facts.pop("pieces_per_second")
    loss, held = run.loss, len(run.held.names) if run.held else 0
    facts |= {"loss": why[0], "loss_options": loss.options, "why": why[1], "silver": _facts(run.train, held)}
    config = {"labels": list(loss.tags.labels), "window": options.window, "overlap": options.overlap}
    config |= {"loss": why[0], "head": "spans" if loss.needs_spans else "tags"}
    write_tagger(
        out,
        run.network,
        encoder,
        config,
        run.history,
        training=run.checkpoint.settings,
        result=facts,
        **fields,
    )
    run.checkpoint.remove()
    return facts | {"pieces_per_second": rate}


def _prepare(
    documents: list[Document],
    held_out: Sequence[Document] | None,
    labels: Sequence[str] | None,
    out: Path,
    options: TrainOptions,
) -> tuple[Run, Encoder, tuple[str, str]]:
    """The run, its encoder, and the loss with the reason for it."""
    import torch

    from silversmith.tagger.checkpoint import Checkpoint
    from silversmith.tagger.encoders import load_encoder
    from silversmith.tagger.losses import make_loss
    from silversmith.tagger.training import Run

    tags = TagSet(check_silver(documents, labels))
    if held_out is None:
        train, held = split_held_out(documents, options)
    else:
        train, held = documents, [_only(one, tags.labels) for one in held_out]
    name, chosen, why = _choose(train, options)
    loss = make_loss(name, tags, **(chosen | options.loss_options))
    encoder = load_encoder(options.encoder)
    torch.manual_seed(options.seed)
    network = _network(encoder.trunk, loss, options)
    _go_on(network, encoder, tags.labels)
    network.trainable(embeddings=options.train_embeddings)
    reader = Reader(encoder.tokenizer)
    parts = [TrainingCorpus.of(part, reader, tags, options.window, options.overlap) for part in (train, held)]
    settings: dict[str, Any] = {"options": options.model_dump(mode="json"), "encoder": encoder.identity}
    settings |= {"labels": list(tags.labels), "documents": digest(train), "held_out": digest(held)}
    run = Run(
        network, loss, parts[0], parts[1] if held else None, encoder.frame, options, Checkpoint(out, settings)
    )
    run.device = _device(options)
    run.trusted = held_out is not None
    return run, encoder, (name, why)


def _only(document: Document, labels: Sequence[str]) -> Document:
    """The document with the spans of some labels."""
    return document.with_spans(span for span in document.spans if span.label in labels)


def _device(options: TrainOptions) -> str:
    """Where to train."""
    import torch

    if options.device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return options.device


def _choose(documents: Sequence[Document], options: TrainOptions) -> tuple[str, dict[str, Any], str]:
    """Loss, its options and why: as asked for, or by the estimated noise."""
    from silversmith.tagger.noise_estimate import choose_loss, estimate_noise

    estimate = estimate_noise(documents)
    if options.loss == "auto":
        return choose_loss(estimate)
    from silversmith.tagger.losses import LOSSES

    takes_recall = options.loss in LOSSES and "recall" in LOSSES[options.loss].defaults
    return options.loss, {"recall": round(estimate.recall, 4)} if takes_recall else {}, "asked for"


def _go_on(network: Network, encoder: Encoder, labels: Sequence[str]) -> None:
    """Where the encoder is a tagger of the same types, begin with its tags too: it knows them already."""
    own = network.state_dict()
    top = encoder.top if encoder.labels == tuple(labels) else {}
    if top and all(name in own and own[name].shape == one.shape for name, one in top.items()):
        network.load_state_dict({**own, **top})


def _network(trunk: Trunk, loss: Loss, options: TrainOptions) -> Network:
    """A fresh network on the trunk, of the kind that the loss trains."""
    from silversmith.tagger.network import Network
    from silversmith.tagger.span_network import SpanNetwork

    same = {"shapes": options.shapes, "dropout": options.dropout}
    if loss.needs_spans:
        return SpanNetwork(trunk, len(loss.tags.labels), width=loss.options["width"], **same)  # type: ignore[arg-type]
    return Network(trunk, len(loss.tags), transitions=loss.needs_transitions, **same)  # type: ignore[arg-type]


def split_held_out(
    documents: Sequence[Document], options: TrainOptions
) -> tuple[list[Document], list[Document]]:
    """Training and held-out documents, drawn by the seed; order kept."""
    size = min(options.held_most, round(options.held_out * len(documents)))
    size = min(max(size, 1), len(documents) - 1) if options.held_out else 0
    chosen = set(np.random.default_rng([options.seed, 1]).permutation(len(documents))[:size].tolist())
    train = [one for number, one in enumerate(documents) if number not in chosen]
    return train, [one for number, one in enumerate(documents) if number in chosen]


def digest(documents: Iterable[Document]) -> str:
    """sha256 of what training sees of documents: id, text and spans with their scores."""
    found = hashlib.sha256()
    for one in documents:
        spans = [[span.start, span.end, span.label, span.score] for span in one.spans]
        found.update(json.dumps([one.id, one.text, spans]).encode("ascii") + b"\n")
    return found.hexdigest()


def _facts(corpus: TrainingCorpus, held: int) -> dict[str, Any]:
    """What was trained on."""
    facts = corpus.facts
    return {
        "documents": len(corpus.names),
        "held_out": held,
        "words": facts.words,
        "spans": dict(sorted(facts.spans.items())),
        "widened": facts.widened,
        "left_out": facts.left_out,
    }
