"""Corpus: read documents as tables, gold spans and candidates over one stacked matrix of activations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from silversmith.core import OUTSIDE, DataError, Document, blocks, track
from silversmith.sources.features.cues import span_cues
from silversmith.sources.features.reading import Reader, Reading, coverage
from silversmith.sources.features.table import Csr, SpanTable, locate

__all__ = ["Corpus", "read_corpus", "read_spans", "stack"]


@dataclass(frozen=True)
class Corpus:
    """Documents with their activations and spans.

    labels: the types and, last, O. matrix: float32 CSR [pieces of all documents, latents].
    gold, proposed: spans that meet at least one piece; labels of `proposed` are those of equal gold
    spans, else O. chosen: positions of the documents that the tables hold.
    states: float32 [pieces, width] or None. coverage: mean share of the characters (blanks apart) that
    some piece covers; uncovered: documents where it is below 1. dropped: reason -> spans.
    """

    documents: tuple[Document, ...]
    labels: tuple[str, ...]
    matrix: Csr
    gold: SpanTable
    proposed: SpanTable
    chosen: NDArray[np.int64]
    states: NDArray[np.float32] | None = None
    coverage: float = 1.0
    uncovered: int = 0
    dropped: dict[str, int] = field(default_factory=dict)

    @property
    def outside(self) -> int:
        """Position of O."""
        return len(self.labels) - 1

    def only(self, chosen: NDArray[np.int64]) -> Corpus:
        """The spans of some documents; matrix and documents are shared, not copied."""
        wanted = np.zeros(len(self.documents), np.bool_)
        wanted[chosen] = True
        return replace(
            self,
            gold=self.gold.take(wanted[self.gold.document]),
            proposed=self.proposed.take(wanted[self.proposed.document]),
            chosen=np.sort(np.asarray(chosen, np.int64)),
        )

    def density(self) -> NDArray[np.float64]:
        """Share of all pieces on which each latent is active [latents]."""
        counts = np.bincount(self.matrix.indices, minlength=self.matrix.shape[1])
        return counts / max(1, self.matrix.shape[0])


def read_corpus(documents: Iterable[Document], labels: Sequence[str], reader: Reader) -> Corpus:
    """Read documents whose spans have these types (O is added). Keeps all activations in memory.

    Raises DataError M010 if a span's label is none of `labels`.
    """
    everything: list[Document] = []
    readings: list[Reading] = []
    for block in blocks(documents):
        for document in block:
            _check(document, labels)
        readings.extend(reader.read(block))
        everything.extend(track(block, "read"))
    return stack(everything, readings, (*labels, OUTSIDE))


def _check(document: Document, labels: Sequence[str]) -> None:
    """Refuse a label that the schema lacks."""
    for span in document.spans:
        if span.label not in labels:
            raise DataError(
                "M010",
                f"the label {span.label!r} of span [{span.start}, {span.end}) is none of the schema's types",
                where=f"document {document.id!r}",
                remedy=f"add it to the schema or leave such spans out; types: {', '.join(labels)}",
            )


def stack(documents: Sequence[Document], readings: Sequence[Reading], labels: tuple[str, ...]) -> Corpus:
    """One corpus from the readings of its documents."""
    place = {label: number for number, label in enumerate(labels)}
    golds, proposals, low = [], [], 0
    for number, (document, reading) in enumerate(zip(documents, readings, strict=True)):
        known = [span for span in document.spans if span.label in place]
        spans = np.array([(span.start, span.end) for span in known], np.int32).reshape(-1, 2)
        types = np.array([place[span.label] for span in known], np.int32)
        golds.append(read_spans(document, reading, spans, types, number, low))
        named = {(span.start, span.end): place[span.label] for span in known}
        found = [named.get((int(a), int(b)), len(labels) - 1) for a, b in reading.candidates]
        types = np.array(found, np.int32)
        proposals.append(read_spans(document, reading, reading.candidates, types, number, low))
        low += len(reading.offsets)
    gold, proposed = SpanTable.join(golds), SpanTable.join(proposals)
    alive, here = gold.last > gold.first, proposed.last > proposed.first
    shares = [coverage(*pair) for pair in zip(documents, (r.offsets for r in readings), strict=True)]
    states = [reading.states for reading in readings if reading.states is not None]
    return Corpus(
        documents=tuple(documents),
        labels=labels,
        matrix=csr_array(vstack([reading.activations for reading in readings], format="csr")),
        gold=gold.take(alive),
        proposed=proposed.take(here),
        chosen=np.arange(len(documents)),
        states=np.concatenate(states) if states else None,
        coverage=float(np.mean(shares)) if shares else 1.0,
        uncovered=sum(share < 1 for share in shares),
        dropped={
            "gold span meets no piece": int((~alive).sum()),
            "candidate meets no piece": int((~here).sum()),
        },
    )


def read_spans(
    document: Document,
    reading: Reading,
    spans: NDArray[np.int32],
    labels: NDArray[np.int32],
    number: int = 0,
    low: int = 0,
) -> SpanTable:
    """The table of some spans of a document: its pieces and its cues.

    spans: int32 [spans, 2] characters; number: the document's position; low: its first row of pieces.
    """
    known = dict(zip(map(tuple, reading.candidates.tolist()), reading.mention.tolist(), strict=True))
    mention = np.array([known.get((a, b), np.nan) for a, b in spans.tolist()], np.float32)
    cues = span_cues(document, spans, mention)
    return locate(reading.offsets, spans, labels, document=number, low=low, cues=cues)
