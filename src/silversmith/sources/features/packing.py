"""Packing: which latents a mapping needs, what stands for the others, and what a pack changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from silversmith.core import Document, ModelError, Vote, blocks
from silversmith.evaluation import evaluate
from silversmith.models.sae import Activation, SparseAutoencoder
from silversmith.sources.features.corpus import Corpus, read_corpus
from silversmith.sources.features.mapping import Mapping
from silversmith.sources.features.pack import PackedEncoder, reduced, save_pack
from silversmith.sources.features.reading import Reader
from silversmith.sources.features.source import Features
from silversmith.sources.features.table import Csr

__all__ = ["Pack", "compare", "make_pack", "why_not_exact"]

CELLS = 4_000_000
"""Pieces x latents of the dense product from which thresholds are set."""
RIDGE = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Pack:
    """A mapping with the encoder that it brings along. facts: what was kept and what it costs."""

    mapping: Mapping
    encoder: PackedEncoder
    facts: dict[str, Any]

    def save(self, folder: Path | str, **fields: Any) -> None:
        """Write the artefact, a mapping like any other."""
        about: dict[str, Any] = {}

        def beside(aside: Path) -> None:
            about.update(save_pack(self.encoder, aside), facts=self.facts)

        self.mapping.save(folder, beside=beside, pack=about, **fields)


def why_not_exact(mapping: Mapping, sae: SparseAutoencoder) -> str | None:
    """Why the mapping's latents alone can't give the same labels bit for bit; None: they can."""
    if sae.activation.kind == "topk":
        return "a TopK autoencoder keeps the k best of all its latents, so every encoder row decides"
    if mapping.options.pooling == "norm":
        return "its pooling weighs pieces by the norm of all latents (equation 4)"
    if mapping.options.k is not None:
        return f"it keeps the {mapping.options.k} best of all latents of a span"
    return None


def make_pack(
    features: Features,
    mode: Literal["exact", "pack"] = "exact",
    *,
    texts: Iterable[Document] = (),
    latents: int | None = None,
) -> Pack:
    """The pack of a fitted source.

    exact: the same activations of all mapped latents. pack: 16-bit weights, for a TopK autoencoder a
    threshold of each piece (a linear function of its state) instead of the k-th best of all latents, and only
    the `latents` that add most to the scores, if given; `texts` show which, and set the thresholds.
    Raises ModelError: M030 exact is impossible (the reason), M031 texts are needed, M032 it is a pack.
    """
    mapping, sae = features.mapping, features.sae
    if not isinstance(sae, SparseAutoencoder):
        raise ModelError("M032", "it is a pack already", remedy="pack the mapping that it was made from")
    reason = why_not_exact(mapping, sae)
    if mode == "exact":
        if reason or latents:
            why = reason or "--latents leaves some out"
            raise ModelError("M030", f"no exact pack: {why}", remedy="choose --mode pack, which reports F1")
        kept = _groups(mapping.mapped_latents(), sae)
        return _made(mode, mapping, PackedEncoder(reduced(sae, kept), kept, sae.d_sae, sae.identity()))
    if latents is None and sae.activation.kind != "topk":
        return _packed(mapping, sae, mapping.mapped_latents(), None)
    reader = Reader(features.model, sae, features.candidates, states=True)
    documents = [document.with_spans(()) for document in texts]
    corpus = read_corpus(documents, (), reader) if documents else None
    if corpus is None or not len(corpus.proposed):
        raise ModelError("M031", "no candidate span in the texts", remedy="give typical ones: --texts DOCS")
    mapping = _strongest(mapping, corpus, latents)
    return _packed(mapping, sae, mapping.mapped_latents(), corpus)


def compare(whole: Features, packed: Features, documents: Sequence[Document]) -> dict[str, Any]:
    """What a pack changes: spans labelled alike, probabilities, F1 if there are gold spans."""
    found = [[list(one.label(block)) for block in blocks(documents)] for one in (whole, packed)]
    votes = [[vote for block in each for document in block for vote in document] for each in found]
    spans = [{(v.document_id, v.start, v.end, v.span().label): v for v in each} for each in votes]
    both = spans[0].keys() & spans[1].keys()
    union = len(spans[0].keys() | spans[1].keys())
    change = max((_distance(spans[0][key], spans[1][key]) for key in both), default=0.0)
    facts: dict[str, Any] = {
        "documents": len(documents),
        "spans": {"whole": len(spans[0]), "pack": len(spans[1]), "both": len(both)},
        "same_labels": len(both) / union if union else 1.0,
        "largest_change_of_probability": change,
    }
    if any(document.spans for document in documents):
        for name, each in zip(("whole", "pack"), found, strict=True):
            silver = [vs for block in each for vs in block]
            labelled = [d.with_spans([v.span() for v in vs]) for d, vs in zip(documents, silver, strict=True)]
            facts[f"f1_{name}"] = evaluate(documents, labelled).weighted.f1
    return facts


def _distance(a: Vote, b: Vote) -> float:
    """The largest difference of two votes' probabilities."""
    return max(abs(chance - b.probabilities[label]) for label, chance in a.probabilities.items())


def _groups(kept: NDArray[np.int64], sae: SparseAutoencoder) -> NDArray[np.int64]:
    """The latents that decide about some: of "groupmax" those of the same groups."""
    if sae.activation.kind != "groupmax":
        return kept
    size = sae.d_sae // sae.activation.k
    groups = np.unique(kept // size)
    return np.asarray((groups[:, None] * size + np.arange(size)).reshape(-1))


def _strongest(mapping: Mapping, corpus: Corpus, count: int | None) -> Mapping:
    """The mapping with the latents alone that move the scores of the corpus's candidates most."""
    latents = mapping.mapped_latents()
    if count is None or count >= len(latents):
        return mapping
    terms = mapping.linear.terms(mapping.vectors(corpus.matrix, corpus.proposed))
    squares = np.bincount(terms.indices, weights=terms.data**2, minlength=terms.shape[1])
    weights = mapping.linear.weights
    strength = squares * ((weights - weights.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    columns = mapping.linear.columns
    real = columns < len(mapping.options.roles) * mapping.latents
    total = np.bincount(columns[real] % mapping.latents, weights=strength[real], minlength=mapping.latents)
    best = np.zeros(mapping.latents, np.bool_)
    best[np.argsort(-total, kind="stable")[:count]] = True
    keep = ~real | best[columns % mapping.latents]
    linear = replace(
        mapping.linear, columns=columns[keep], weights=weights[keep], tau=mapping.linear.tau[keep]
    )
    examples = {column: spans for column, spans in mapping.examples.items() if best[column % mapping.latents]}
    return replace(mapping, linear=linear, examples=examples)


def _packed(mapping: Mapping, sae: SparseAutoencoder, kept: NDArray[np.int64], corpus: Corpus | None) -> Pack:
    """The pack of these latents in 16 bits; a TopK's thresholds from the corpus."""
    kept = _groups(kept, sae)
    inner, cut, agreement = reduced(sae, kept), None, None
    if sae.activation.kind == "topk":
        assert corpus is not None
        assert corpus.states is not None
        cut = _threshold(_normed(sae, corpus.states), corpus.matrix, inner, kept)
        weight = inner.weight - torch.from_numpy(cut[:-1, None])
        bias = inner.bias - float(cut[-1])
        inner = replace(inner, weight=weight, bias=bias, activation=Activation("relu"))
    inner = replace(inner, weight=inner.weight.half().float())
    encoder = PackedEncoder(inner, kept, sae.d_sae, sae.identity(), cut)
    if corpus is not None and corpus.states is not None:
        agreement = _agreement(corpus.matrix, encoder.encode(corpus.states), kept)
    return _made("pack", mapping, encoder, agreement)


def _normed(sae: SparseAutoencoder, states: Floats) -> Floats:
    """States as the encoder's product sees them."""
    with torch.inference_mode():
        return np.asarray(sae.norm(torch.from_numpy(states)).numpy())


def _threshold(x: Floats, active: Csr, inner: SparseAutoencoder, kept: NDArray[np.int64]) -> Floats:
    """[d_in + 1]: a ridge regression of each piece's k-th best value on its state; its constant is then moved
    so that as many entries of the kept latents are above it as were among the k best."""
    sizes = np.diff(active.indptr)
    full = sizes > 0
    least = np.minimum.reduceat(np.append(active.data, np.inf), active.indptr[:-1])[full]
    target = np.where(sizes[full] == inner.activation.k, least, 0.0)
    cut = _ridge(x[full], target.astype(np.float64))
    rows = np.arange(0, len(x), max(1, len(x) * len(kept) // CELLS))
    z = x[rows] @ inner.weight.numpy() + inner.bias.numpy()
    z -= (x[rows] @ cut[:-1] + cut[-1])[:, None]
    wanted = int(np.isin(active[rows].indices, kept).sum())
    if 0 < wanted < z.size:
        cut[-1] += np.partition(z.reshape(-1), z.size - wanted)[z.size - wanted]
    return cut.astype(np.float32)


def _ridge(x: Floats, y: NDArray[np.float64]) -> NDArray[np.float64]:
    """[d + 1]: weights and constant, the strength chosen on the second half of the rows."""
    mean, middle = x.mean(axis=0, dtype=np.float64), float(y.mean())
    half = max(1, len(x) // 2)

    def fit(rows: slice, strength: float) -> NDArray[np.float64]:
        centred = x[rows] - mean
        gram = centred.T @ centred
        gram[np.diag_indices(len(gram))] += strength * len(centred) * centred.var()
        return np.asarray(np.linalg.solve(gram, centred.T @ (y[rows] - middle)))

    first, second = slice(0, half), slice(half, None)

    def loss(strength: float) -> float:
        return float((((x[second] - mean) @ fit(first, strength) + middle - y[second]) ** 2).sum())

    weights = fit(slice(None), min(RIDGE, key=loss))
    return np.append(weights, middle - mean @ weights)


def _agreement(whole: Csr, packed: Csr, kept: NDArray[np.int64]) -> float:
    """Entries of the kept latents active in both over those active in either."""
    inside = np.zeros(whole.shape[1], np.bool_)
    inside[kept] = True

    def places(one: Csr) -> NDArray[np.int64]:
        rows = np.repeat(np.arange(one.shape[0]), np.diff(one.indptr))
        return np.asarray((rows * one.shape[1] + one.indices)[inside[one.indices]])

    a, b = places(whole), places(packed)
    both = len(np.intersect1d(a, b, assume_unique=True))
    return both / max(1, len(a) + len(b) - both)


def _made(mode: str, mapping: Mapping, encoder: PackedEncoder, agreement: float | None = None) -> Pack:
    """The pack with its facts, which its mapping's counts hold too: they tell it from the whole."""
    facts: dict[str, Any] = {
        "mode": mode,
        "latents": {
            "kept": len(encoder.kept),
            "mapped": len(mapping.mapped_latents()),
            "of": encoder.latents,
        },
    }
    if agreement is not None:
        facts["active_entries_equal"] = agreement
    return Pack(replace(mapping, counts={**mapping.counts, "pack": facts}), encoder, facts)
