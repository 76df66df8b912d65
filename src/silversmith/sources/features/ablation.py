"""Ablation (Figure 6 of the paper): a type's own latents taken out of the activations, recall once more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from silversmith.sources.features.corpus import Corpus
from silversmith.sources.features.explain import ablated
from silversmith.sources.features.mapping import Mapping
from silversmith.sources.features.pooling import drop_columns
from silversmith.sources.features.table import Csr

__all__ = ["Ablation", "ablate_types", "latent_types", "recall_by_type", "summed_contribution"]

Latents = NDArray[np.int64]


@dataclass(frozen=True)
class Ablation:
    """Recall on gold spans of each type.

    labels: types with a gold span. whole: float64 [types]. without: float64 [removed type, measured
    type]. random: the same with as many random mapped latents, mean of the draws. removed: int64
    [types], latents taken out.
    """

    labels: tuple[str, ...]
    whole: NDArray[np.float64]
    without: NDArray[np.float64]
    random: NDArray[np.float64]
    removed: NDArray[np.int64]

    @property
    def own_drop(self) -> NDArray[np.float64]:
        """Fall of each type's recall without its own latents [types]."""
        return np.asarray(self.whole - np.diag(self.without))

    @property
    def other_drop(self) -> float:
        """The largest fall of another type's recall."""
        drop = self.whole[None, :] - self.without
        return float(drop[~np.eye(len(drop), dtype=bool)].max(initial=0.0))

    @property
    def random_drop(self) -> float:
        """The largest fall of any type's recall without random latents."""
        return float((self.whole[None, :] - self.random).max(initial=0.0))


def latent_types(mapping: Mapping) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(mapped latents, the label of each one's strongest evidence): y* of equation 8, over all its roles."""
    columns = mapping.linear.columns
    real = columns < len(mapping.options.roles) * mapping.latents
    latent, weights = columns[real] % mapping.latents, mapping.linear.weights[real]
    # What speaks for all labels alike speaks for none.
    weights = weights - weights.mean(axis=1, keepdims=True)
    latents, place = np.unique(latent, return_inverse=True)
    strongest = np.full((len(latents), weights.shape[1]), -np.inf)
    np.maximum.at(strongest, place, weights)
    return latents, np.asarray(strongest.argmax(axis=1))


def summed_contribution(mapping: Mapping, corpus: Corpus) -> NDArray[np.float64]:
    """Sum over the gold spans of what each latent adds to each label: float64 [latents, labels]."""
    terms = mapping.linear.terms(mapping.vectors(corpus.matrix, corpus.gold))
    total = np.asarray(terms.sum(axis=0)).ravel()[:, None] * mapping.linear.weights
    columns = mapping.linear.columns
    real = columns < len(mapping.options.roles) * mapping.latents
    result = np.zeros((mapping.latents, len(mapping.labels)))
    np.add.at(result, columns[real] % mapping.latents, total[real])
    return result


def recall_by_type(
    mapping: Mapping, corpus: Corpus, removed: NDArray[np.int64], *, outside: bool = True
) -> NDArray[np.float64]:
    """Recall of each type on gold spans without some latents [types]; NaN for a type without a span.

    outside: whether O is allowed as an answer.
    """
    return _recall(mapping, corpus, mapping.vectors(ablated(corpus.matrix, removed), corpus.gold), outside)


def _recall(mapping: Mapping, corpus: Corpus, x: Csr, outside: bool) -> NDArray[np.float64]:
    """Recall of each type from span vectors x."""
    found = mapping.judge(x)
    answer = found.decided if outside else found.p[:, :-1].argmax(axis=1)
    y = corpus.gold.label
    gold = np.bincount(y, minlength=len(mapping.labels))[:-1]
    hits = np.bincount(y[answer == y], minlength=len(mapping.labels))[:-1]
    with np.errstate(invalid="ignore"):
        return np.asarray(hits / np.where(gold, gold, np.nan))


def _without(mapping: Mapping, corpus: Corpus, outside: bool) -> Callable[[Latents], NDArray[np.float64]]:
    """Recall by type as a function of the latents taken out.

    Where no value of a span's vector depends on another latent, its columns are dropped from vectors
    pooled once; the norm weights of equation 4 and the top k need pooling anew.
    """
    options = mapping.options
    if options.pooling == "norm" or options.k is not None:
        return lambda removed: recall_by_type(mapping, corpus, removed, outside=outside)
    x = mapping.vectors(corpus.matrix, corpus.gold)

    def recall(removed: Latents) -> NDArray[np.float64]:
        mask = np.zeros(x.shape[1], np.bool_)
        mask[(np.arange(len(options.roles))[:, None] * mapping.latents + removed).ravel()] = True
        return _recall(mapping, corpus, drop_columns(x, mask), outside)

    return recall


def ablate_types(
    mapping: Mapping,
    ranked_on: Corpus,
    tested: Corpus,
    *,
    share: float = 0.5,
    draws: int = 5,
    seed: int = 0,
    outside: bool = True,
) -> Ablation:
    """Take out the top `share` of each type's latents, ranked by summed contribution on `ranked_on`."""
    latents, types = latent_types(mapping)
    total = summed_contribution(mapping, ranked_on)
    recall = _without(mapping, tested, outside)
    whole = recall(np.array([], np.int64))
    measured = np.flatnonzero(np.isfinite(whole))
    generator = np.random.default_rng(seed)
    without, random, removed = [], [], []
    for label in measured:
        own = latents[types == label]
        own = own[np.argsort(-total[own, label], kind="stable")]
        size = int(np.ceil(share * len(own)))
        without.append(recall(own[:size])[measured])
        picks = [generator.choice(latents, size, replace=False) for _ in range(draws)]
        recalls = [recall(pick)[measured] for pick in picks]
        random.append(np.mean(recalls, axis=0))
        removed.append(size)
    return Ablation(
        labels=tuple(mapping.labels[label] for label in measured),
        whole=whole[measured],
        without=np.array(without),
        random=np.array(random),
        removed=np.array(removed, np.int64),
    )
