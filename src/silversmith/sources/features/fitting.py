"""Fitting: a rule chosen by cross-validation over mapping documents, evidence weighed, temperature found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from silversmith.evaluation import fit_temperature
from silversmith.sources.features.corpus import Corpus
from silversmith.sources.features.counts import Cached
from silversmith.sources.features.evidence import fit_rule
from silversmith.sources.features.linear import Linear
from silversmith.sources.features.negatives import mapping_spans
from silversmith.sources.features.options import Options, Rule
from silversmith.sources.features.pooling import pool
from silversmith.sources.features.quality import weighted_f1
from silversmith.sources.features.table import Csr, SpanTable

__all__ = ["Fit", "fit_corpus", "folds", "out_of_fold"]

CHOICE: tuple[Rule, ...] = ("naive_bayes", "logistic")
"""What rule = "auto" chooses among."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """A fitted rule: `linear`, the temperature, the options with the rule chosen, the density mask
    [latents], the mapping spans with their vectors, the cross-validated weighted F1 of each rule tried."""

    linear: Linear
    temperature: float
    options: Options
    dense: NDArray[np.bool_]
    table: SpanTable
    x: Csr
    tried: dict[str, float]


def fit_corpus(corpus: Corpus, options: Options, density: Floats | None = None) -> Fit:
    """Fit one setting on a corpus.

    density: share of tokens on which each latent is active, from a large text; None: the corpus's own.
    """
    dense = np.zeros(corpus.matrix.shape[1], np.bool_)
    if options.max_density is not None:
        dense = (corpus.density() if density is None else density) > options.max_density
    table = mapping_spans(corpus, options)
    x = pool(corpus.matrix, table, options, dense)
    fold = folds(table, options)
    tried: dict[str, float] = {}
    scores: dict[str, Floats] = {}
    if options.rule == "auto":
        part = _subset(fold, table, options)
        for rule in CHOICE:
            scores[rule] = out_of_fold(
                x[part], table.label[part], fold[part], len(corpus.labels), options.changed(rule=rule)
            )
            tried[rule] = weighted_f1(table.label[part], scores[rule].argmax(axis=1), len(corpus.labels))
        options = options.changed(rule=max(CHOICE, key=lambda rule: tried[rule]))
    temperature = options.temperature or _temperature(x, table, fold, len(corpus.labels), options, scores)
    linear = fit_rule(Cached(x, table.label, len(corpus.labels)), options)
    return Fit(_rounded(linear, x), temperature, options, dense, table, x, tried)


def folds(table: SpanTable, options: Options) -> NDArray[np.int64]:
    """A fold for each span, by document, seeded [spans]."""
    documents = np.unique(table.document)
    order = np.random.default_rng(options.seed).permutation(len(documents))
    fold = np.empty(len(documents), np.int64)
    fold[order] = np.arange(len(documents)) % options.folds
    return np.asarray(fold[np.searchsorted(documents, table.document)])


def _subset(fold: NDArray[np.int64], table: SpanTable, options: Options) -> NDArray[np.int64]:
    """Rows of at most `cv_documents` documents."""
    documents = np.unique(table.document)
    if len(documents) <= options.cv_documents:
        return np.arange(len(table))
    some = np.random.default_rng(options.seed + 1).choice(documents, options.cv_documents, replace=False)
    return np.flatnonzero(np.isin(table.document, some))


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


def _temperature(
    x: Csr,
    table: SpanTable,
    fold: NDArray[np.int64],
    classes: int,
    options: Options,
    scores: dict[str, Floats],
) -> float:
    """The temperature on held-out spans: those of the cross-validation if it saw all, else one fold's."""
    part = _subset(fold, table, options)
    if options.rule in scores and len(part) == len(table):
        return fit_temperature(scores[options.rule], table.label)
    if len(part) == len(table):
        return fit_temperature(out_of_fold(x, table.label, fold, classes, options), table.label)
    documents = np.unique(table.document)
    held_documents = np.random.default_rng(options.seed + 2).choice(
        documents, max(1, len(documents) // 5), replace=False
    )
    held = np.isin(table.document, held_documents)
    inside, outside = np.flatnonzero(~held), np.flatnonzero(held)
    linear = fit_rule(Cached(x[inside], table.label[inside], classes), options)
    return fit_temperature(linear.scores(x[outside]), table.label[outside])


def _rounded(linear: Linear, x: Csr) -> Linear:
    """16-bit weights if no label of a mapping span changes by it."""
    rounded = linear.quantised()
    same = np.array_equal(linear.scores(x).argmax(axis=1), rounded.scores(x).argmax(axis=1))
    return rounded if same else linear
