"""Features: the source that types spans by the latents of a sparse autoencoder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from silversmith.candidates.base import identity_of
from silversmith.core import Document, Evidence, ModelError, Schema, Span, Vote, blocks
from silversmith.core.memory import release_memory
from silversmith.models.encode import LanguageModel
from silversmith.sources.features.cache import ArrayCache
from silversmith.sources.features.corpus import read_corpus, read_spans, stack
from silversmith.sources.features.explain import explain_span
from silversmith.sources.features.mapping import Mapping
from silversmith.sources.features.options import Options
from silversmith.sources.features.reading import Autoencoder, Proposer, Reader, Reading
from silversmith.sources.features.resolve import resolve_table
from silversmith.sources.features.table import SpanTable

__all__ = ["Features"]

PART = 64
"""Documents of a block that are in memory together; memory given back after each keeps long runs flat."""


class Features:
    """A mapping with the model, autoencoder and candidate generator it reads with."""

    name: ClassVar[str] = "features"

    def __init__(
        self,
        mapping: Mapping,
        model: LanguageModel,
        sae: Autoencoder,
        candidates: Proposer,
        *,
        cache: ArrayCache | None = None,
    ) -> None:
        self.mapping, self.model, self.sae, self.candidates = mapping, model, sae, candidates
        self.reader = Reader(model, sae, candidates, cache, whole=False, neighbours=self._neighbours)
        self._last: tuple[Any, Reading] | None = None
        self.uncovered = 0
        """Documents labelled so far in which some word was covered by no window."""

    @classmethod
    def prepare(
        cls,
        schema: Schema,
        documents: Iterable[Document],
        *,
        model: LanguageModel,
        candidates: Proposer,
        sae: Autoencoder | None = None,
        options: Options | None = None,
        cache: ArrayCache | None = None,
        density: NDArray[np.float64] | None = None,
    ) -> Features:
        """Fit a mapping on labelled documents.

        sae: default `model.sae`. density: share of tokens on which each latent is active in a large
        text, for the density mask. Raises DataError M010 (a label that the schema lacks), ModelError
        M020 (no labelled span), M022 (no autoencoder).
        """
        sae = _sae_of(model) if sae is None else sae
        corpus = read_corpus(documents, schema.names, Reader(model, sae, candidates, cache))
        identity = _identity(model, sae, candidates)
        mapping = Mapping.fit(corpus, options, identity=identity, density=density)
        return cls(mapping, model, sae, candidates, cache=cache)

    @classmethod
    def open(
        cls,
        folder: Path | str,
        model: LanguageModel,
        candidates: Proposer,
        *,
        sae: Autoencoder | None = None,
        cache: ArrayCache | None = None,
    ) -> Features:
        """A fitted mapping with its model. Raises ModelError M021 if it was made for another one."""
        sae = _sae_of(model) if sae is None else sae
        mapping = Mapping.open(folder, _identity(model, sae, candidates))
        return cls(mapping, model, sae, candidates, cache=cache)

    def save(self, folder: Path | str, **fields: Any) -> None:
        """Write the mapping; fields go into its manifest."""
        self.mapping.save(folder, **fields)

    def label(self, documents: Iterable[Document], *, every: bool = False) -> Iterator[list[Vote]]:
        """Votes a document, in order, a block at a time.

        every: one vote for each candidate, also where O wins; else the decided spans, overlaps resolved.
        """
        for block in blocks(documents):
            for part in blocks(block, PART):
                yield from self._block(part, every)
                release_memory()

    def type_spans(self, documents: Iterable[Document], *, outside: bool = False) -> Iterator[list[Vote]]:
        """A vote for each span that the documents carry (its label is not looked at), in their order.

        outside: whether O is allowed; else the probabilities are those of the types alone.
        """
        for block in blocks(documents):
            readings = self._given().read(block)
            for document, reading in zip(block, readings, strict=True):
                blank = np.zeros(len(reading.candidates), np.int32)
                table = read_spans(document, reading, reading.candidates, blank)
                found = self.mapping.predict(reading.activations, table)
                p = found.p if outside else _types_only(found.p)
                yield [self._vote(document, table, p, row) for row in range(len(table))]

    def explain(self, document: Document, vote: Vote) -> Evidence:
        """Leaves (latents and bias) that add up to the score; examples and the ablation test as support."""
        reading = self._reading(document)
        if [vote.start, vote.end] not in reading.candidates.tolist():
            given = document.with_spans([Span(vote.start, vote.end, "asked")])
            reading = self._given().read([given])[0]
        spans = np.array([[vote.start, vote.end]], np.int32)
        table = read_spans(document, reading, spans, np.zeros(1, np.int32))
        return explain_span(self.mapping, reading.activations, table, getattr(self.sae, "source", {}))

    @property
    def _neighbours(self) -> bool:
        """Whether the mapping reads the pieces beside a span."""
        return not {"left", "right"}.isdisjoint(self.mapping.options.roles)

    def _given(self) -> Reader:
        """A reader of the spans that documents carry."""
        return Reader(self.model, self.sae, _Given(), whole=False, neighbours=self._neighbours)

    def _reading(self, document: Document) -> Reading:
        """The document's reading; the last one is kept, since votes are explained document by document."""
        key = (document.text, document.words, document.sentences)
        if self._last is None or self._last[0] != key:
            self._last = key, self.reader.read([document])[0]
        return self._last[1]

    def _block(self, block: Sequence[Document], every: bool) -> Iterator[list[Vote]]:
        """The votes of one block."""
        corpus = stack(block, self.reader.read(block), self.mapping.labels)
        found = self.mapping.predict(corpus.matrix, corpus.proposed)
        self.uncovered += corpus.uncovered
        table = corpus.proposed
        kept: Iterator[NDArray[np.int64]]
        if every:
            kept = (
                np.arange(*ends)
                for ends in pairwise(np.searchsorted(table.document, np.arange(len(block) + 1)))
            )
        else:
            nested = self.mapping.options.nested
            kept = resolve_table(table, found.p, found.decided, len(block), nested=nested)
        for document, rows in zip(block, kept, strict=True):
            yield [self._vote(document, table, found.p, row) for row in rows]

    def _vote(self, document: Document, table: SpanTable, p: NDArray[np.float64], row: int) -> Vote:
        """The vote of one row."""
        chances = {label: float(p[row, i]) for i, label in enumerate(self.mapping.labels[:-1])}
        return Vote(document.id, int(table.start[row]), int(table.end[row]), chances, self.name)


class _Given:
    """A candidate generator that proposes the spans a document carries."""

    name = "given"

    def propose(self, document: Document, encoded: Any) -> Sequence[Any]:
        return document.spans


def _types_only(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities given that a span is an entity; O gets 0."""
    types = p[:, :-1] / np.maximum(p[:, :-1].sum(axis=1, keepdims=True), 1e-300)
    return np.asarray(np.concatenate([types, np.zeros((len(p), 1))], axis=1))


def _identity(model: LanguageModel, sae: Autoencoder, candidates: Proposer) -> dict[str, Any]:
    """What a mapping remembers of the parts it was made with."""
    return {"model": identity_of(model), "sae": identity_of(sae), "candidates": identity_of(candidates)}


def _sae_of(model: LanguageModel) -> Autoencoder:
    """The model's own autoencoder. Raises ModelError M022 if it has none."""
    sae: Autoencoder | None = getattr(model, "sae", None)
    if sae is None:
        raise ModelError(
            "M022",
            f"the model {model.name!r} has no sparse autoencoder of its own",
            remedy="name one with --sae",
        )
    return sae
