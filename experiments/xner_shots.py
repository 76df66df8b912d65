"""The paper's own few-shot baselines: a tagger on k sentences a type, PredictMine, CertMine (table 3)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from silversmith.core import Document, Vote
from silversmith.evaluation import Score, evaluate, keep_types

__all__ = ["certain", "few_shot", "score_f1", "shots", "train_and_score"]

SURE = 0.1
"""CertMine keeps this share of the predicted spans, the most certain ones."""


def few_shot(sentences: Sequence[Document], shots: int, seed: int) -> list[Document]:
    """Sentences drawn until every type has at least `shots` of them."""
    labels = {span.label for one in sentences for span in one.spans}
    counts: Counter[str] = Counter()
    chosen = []
    for n in np.random.default_rng(seed).permutation(len(sentences)):
        held = {span.label for span in sentences[n].spans}
        if any(counts[label] < shots for label in held):
            chosen.append(sentences[n])
            counts.update(held)
        if all(counts[label] >= shots for label in labels):
            break
    return chosen


def certain(documents: Sequence[Document], votes: Sequence[Sequence[Vote]], share: float) -> list[Document]:
    """Documents with their most certain spans: least mean negative log-probability a word."""
    ranked = sorted(
        (
            (-math.log(max(vote.span().score or 0.0, 1e-12)) / _words(document, vote), n, vote.start, vote)
            for n, (document, some) in enumerate(zip(documents, votes, strict=True))
            for vote in some
        ),
        key=lambda one: one[:3],
    )
    kept: dict[int, list[Vote]] = {}
    for _, n, _, vote in ranked[: max(1, round(share * len(ranked)))] if ranked else []:
        kept.setdefault(n, []).append(vote)
    return [documents[n].with_spans(vote.span() for vote in some) for n, some in sorted(kept.items())]


def _words(document: Document, vote: Vote) -> int:
    """Words of a span."""
    return max(1, len(document.text[vote.start : vote.end].split()))


def train_and_score(
    silver: Sequence[Document],
    parts: Iterable[Sequence[Document]],
    folder: Path,
    loss: str,
    steps: int,
    labels: Iterable[str],
    encoder: str = "mini",
) -> list[tuple[Score, Score]]:
    """Micro scores on each part of a tagger trained on silver: of all labels, and of `labels` alone."""
    tagger, wanted = _tagger(silver, folder, loss, steps, encoder), set(labels)
    found = []
    for test in parts:
        tagged = list(tagger.tag(one.with_spans(()) for one in test))
        alone = score_f1(list(keep_types(test, wanted)), list(keep_types(tagged, wanted)))
        found.append((score_f1(test, tagged), alone))
    return found


def score_f1(gold: Sequence[Document], found: Sequence[Document]) -> Score:
    """Micro precision, recall and F1 of exact spans."""
    return evaluate(gold, found).micro


def shots(
    train: Sequence[Document],
    test: Sequence[Document],
    work: Path,
    steps: int,
    seed: int,
    encoder: str = "mini",
) -> dict[str, Score]:
    """Table 3: a tagger on one sentence a type; one on its predictions; one on the surest tenth of them."""
    few = few_shot(train, 1, seed)
    labels = sorted({span.label for one in train for span in one.spans})
    first = _tagger(few, work / f"shot-{seed}", "cross-entropy", steps, encoder)
    found = {"tagger": score_f1(test, list(first.tag(one.with_spans(()) for one in test)))}
    bare = [one.with_spans(()) for one in train]
    votes = list(first.label(bare))
    predicted = [
        one.with_spans(vote.span() for vote in some) for one, some in zip(bare, votes, strict=True) if some
    ]
    for name, silver in (("predict_mine", predicted), ("cert_mine", certain(bare, votes, SURE))):
        folder = work / f"{name}-{seed}"
        ((found[name], _),) = train_and_score(silver, [test], folder, "cross-entropy", steps, labels, encoder)
    return found


def _tagger(silver: Sequence[Document], folder: Path, loss: str, steps: int, encoder: str) -> Any:
    """A trained tagger."""
    from silversmith.tagger.opening import open_tagger
    from silversmith.tagger.options import make_train_options
    from silversmith.tagger.train import train_tagger

    train_tagger(silver, folder, make_train_options(encoder=encoder, loss=loss, steps=steps))
    return open_tagger(folder)
