"""Dense baselines in the experiments: fitted on the same spans of the same documents, scored alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silversmith.evaluation import softmax
from silversmith.sources.features import Options
from silversmith.sources.features.baselines import (
    Scorer,
    dense_vectors,
    fit_dense_logistic,
    fit_lda,
    fit_mlp,
)
from silversmith.sources.features.corpus import Corpus
from silversmith.sources.features.method import decide
from silversmith.sources.features.negatives import mapping_spans
from silversmith.sources.features.table import SpanTable

__all__ = ["dense_decisions", "dense_types", "probes"]

MEAN = ("span",)
CHUNK = 8192

Vectors = Callable[[Corpus, SpanTable], NDArray[np.float32]]
Probe = tuple[str, Vectors, Callable[..., Scorer]]


def probes(seeds: int, *, priors: bool = False) -> Iterator[Probe]:
    """(name, vectors, fit) of each baseline; several MLP probes of other seeds share a name.

    priors: whether discriminant analysis knows how common each class is.
    """
    yield "logistic regression, five roles", _vectors(None, cues=False), fit_dense_logistic
    yield "logistic regression, five roles and cues", _vectors(None, cues=True), fit_dense_logistic
    yield "shrunk LDA, mean", _vectors(MEAN, cues=False), _lda(priors)
    yield "shrunk LDA, five roles", _vectors(None, cues=False), _lda(priors)
    for seed in range(seeds):
        yield "MLP probe, mean", _vectors(MEAN, cues=False), _mlp(seed)


def dense_types(mapping: Corpus, tested: Corpus, probe: Probe) -> NDArray[np.int64]:
    """The type of each gold span by a baseline that was fitted on gold spans alone."""
    _, vectors, fit = probe
    scorer = fit(vectors(mapping, mapping.gold), mapping.gold.label, len(mapping.labels) - 1)
    return np.asarray(scorer(vectors(tested, tested.gold)).argmax(axis=1))


def dense_decisions(
    mapping: Corpus, tested: Corpus, probe: Probe, options: Options
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(probabilities, decisions) of the candidates, O among the classes; the negatives of `options`."""
    _, vectors, fit = probe
    table = mapping_spans(mapping, options)
    scorer = fit(vectors(mapping, table), table.label, len(mapping.labels))
    parts = [
        scorer(vectors(tested, tested.proposed.take(index)))
        for index in np.array_split(np.arange(len(tested.proposed)), 1 + len(tested.proposed) // CHUNK)
    ]
    scores = np.concatenate(parts)
    p = softmax(scores)
    return p, decide(scores, p, np.ones(len(p), bool), options)


def _vectors(roles: Sequence[Any] | None, *, cues: bool) -> Vectors:
    """Reads the dense vectors of spans."""

    def make(corpus: Corpus, table: SpanTable) -> NDArray[np.float32]:
        assert corpus.states is not None
        if roles is None:
            return dense_vectors(corpus.states, table, cues=cues)
        return dense_vectors(corpus.states, table, roles, cues=cues)

    return make


def _lda(priors: bool) -> Callable[..., Scorer]:
    return lambda x, y, classes: fit_lda(x, y, classes, priors=priors)


def _mlp(seed: int) -> Callable[..., Scorer]:
    return lambda x, y, classes: fit_mlp(x, y, classes, seed=seed)
