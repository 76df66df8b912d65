"""Fitting: evidence weighed on all mapping spans, the temperature found on held-out ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from silversmith.evaluation import fit_temperature
from silversmith.sources.features.corpus import Corpus
from silversmith.sources.features.counts import Cached
from silversmith.sources.features.doubt import hidden_entities
from silversmith.sources.features.evidence import fit_rule
from silversmith.sources.features.linear import Linear
from silversmith.sources.features.negatives import mapping_spans
from silversmith.sources.features.options import Options
from silversmith.sources.features.pooling import pool
from silversmith.sources.features.quality import weighted_f1
from silversmith.sources.features.table import Csr, SpanTable

__all__ = ["Fit", "fit_corpus", "folds", "out_of_fold"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """A fitted rule: `linear`, the temperature, the options, the density mask [latents], the mapping spans
    with their vectors, the weighted F1 of typing on held-out ones (None: the temperature was given), and with
    `doubt` the joint of given and likely labels [classes, classes]; spans in doubt are not in the table."""

    linear: Linear
    temperature: float
    options: Options
    dense: NDArray[np.bool_]
    table: SpanTable
    x: Csr
    held_out_f1: float | None
    joint: NDArray[np.int64] | None = None


def fit_corpus(corpus: Corpus, options: Options, density: Floats | None = None) -> Fit:
    """Fit one setting on a corpus.

    density: share of tokens on which each latent is active, from a large text; None: the corpus's own.
    """
    dense = np.zeros(corpus.matrix.shape[1], np.bool_)
    if options.max_density is not None:
        dense = (corpus.density() if density is None else density) > options.max_density
    table = mapping_spans(corpus, options)
    x = pool(corpus.matrix, table, options, dense)
    classes, temperature, quality, joint = len(corpus.labels), options.temperature, None, None
    if options.doubt == "unlabelled":
        scores = out_of_fold(x, table.label, folds(table, options), classes, options)
        kept, joint = hidden_entities(scores, table.label)
        table, x = table.take(kept), x[np.flatnonzero(kept)]
    if temperature is None:
        scores, y = _held_out(x, table, classes, options)
        temperature = fit_temperature(scores, y)
        quality = weighted_f1(y, scores.argmax(axis=1), classes)
    linear = fit_rule(Cached(x, table.label, classes), options)
    return Fit(_rounded(linear, x), temperature, options, dense, table, x, quality, joint)


def folds(table: SpanTable, options: Options) -> NDArray[np.int64]:
    """A fold for each span, by document, seeded [spans]."""
    documents = np.unique(table.document)
    order = np.random.default_rng(options.seed).permutation(len(documents))
    fold = np.empty(len(documents), np.int64)
    fold[order] = np.arange(len(documents)) % options.folds
    return np.asarray(fold[np.searchsorted(documents, table.document)])


def out_of_fold(
    x: Csr, y: NDArray[np.int32], fold: NDArray[np.int64], classes: int, options: Options
) -> Floats:
    """Scores of every span by a rule fitted on the other folds [spans, classes]."""
    scores = np.zeros((len(y), classes))
    for number in np.unique(fold):
        held = np.flatnonzero(fold == number)
        rest = np.flatnonzero(fold != number)
        linear = fit_rule(Cached(x[rest], y[rest], classes), options)
        scores[held] = linear.scores(x[held])
    return scores


def _held_out(x: Csr, table: SpanTable, classes: int, options: Options) -> tuple[Floats, NDArray[np.int32]]:
    """(scores, labels) of spans the rule did not see: of all by cross-validation, or of a fifth of many."""
    documents = np.unique(table.document)
    if len(documents) <= options.cv_documents:
        return out_of_fold(x, table.label, folds(table, options), classes, options), table.label
    generator = np.random.default_rng(options.seed + 2)
    held = np.isin(table.document, generator.choice(documents, len(documents) // 5, replace=False))
    inside, outside = np.flatnonzero(~held), np.flatnonzero(held)
    linear = fit_rule(Cached(x[inside], table.label[inside], classes), options)
    return linear.scores(x[outside]), table.label[outside]


def _rounded(linear: Linear, x: Csr) -> Linear:
    """16-bit weights if no label of a mapping span changes by it."""
    rounded = linear.quantised()
    same = np.array_equal(linear.scores(x).argmax(axis=1), rounded.scores(x).argmax(axis=1))
    return rounded if same else linear
