"""The phrases of a block of documents, with their vectors, from one forward pass.

A phrase is a candidate span. Beside its vector (the concept encoder's: what the span is, in its context) its
sentence has one (the mean state, projected as a name's: what the sentence speaks of), shared by the
sentence's phrases.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from silversmith.core import Document
from silversmith.models.concepts import ConceptEncoder
from silversmith.models.concepts.encoder import count_words, find_places
from silversmith.models.encode import Encoded, stream
from silversmith.text.sentences import split_sentences

__all__ = ["Phrases", "read_phrases", "sentence_ranges", "taps_of"]

Floats = NDArray[np.float32]


class Phrases(NamedTuple):
    """Of one document. places: int32 [phrases, 3], start and end (characters) and number of the sentence.
    mention: float32 [phrases], NaN where unknown. vectors: float32 [phrases, size]. sentences: int32
    [sentences, 2], characters. contexts: float32 [sentences, size]."""

    places: NDArray[np.int32]
    mention: Floats
    vectors: Floats
    sentences: NDArray[np.int32]
    contexts: Floats


def taps_of(encoder: ConceptEncoder, proposer: Any) -> list[int]:
    """The taps that one forward pass must give."""
    return sorted({*encoder.taps, encoder.name_tap, *getattr(proposer, "taps", ())})


def sentence_ranges(document: Document) -> list[tuple[int, int]]:
    """The document's own sentences, or those by rule; sorted, disjoint."""
    return list(document.sentences or split_sentences(document.text))


def read_phrases(
    documents: Sequence[Document], encoder: ConceptEncoder, proposer: Any
) -> Iterator[tuple[int, Phrases]]:
    """(position, its phrases) of each document of a block, as the model gives them."""
    texts = [one.text for one in documents]
    for number, encoded in stream(encoder.model, texts, taps_of(encoder, proposer)):
        yield number, _of_document(documents[number], encoded, encoder, proposer)


def _of_document(document: Document, encoded: Encoded, encoder: ConceptEncoder, proposer: Any) -> Phrases:
    """The phrases of one document; a candidate across sentences is none."""
    sentences = np.array(sentence_ranges(document), np.int32).reshape(-1, 2)
    found = proposer.propose(document, encoded)
    spans = np.array([(one.start, one.end) for one in found], np.int32).reshape(-1, 2)
    mention = np.array([np.nan if one.mention is None else one.mention for one in found], np.float32)
    number = np.searchsorted(sentences[:, 1], spans[:, 0], side="right").astype(np.int32)
    inside = number < len(sentences)
    inside[inside] &= spans[inside, 1] <= sentences[number[inside], 1]
    inside[inside] &= spans[inside, 0] >= sentences[number[inside], 0]
    spans, mention, number = spans[inside], mention[inside], number[inside]
    vectors = encoder.spans(encoded, spans, count_words(document, spans))
    places = np.concatenate([spans, number[:, None]], axis=1)
    return Phrases(places, mention, vectors, sentences, _contexts(encoded, sentences, encoder))


def _contexts(encoded: Encoded, sentences: NDArray[np.int32], encoder: ConceptEncoder) -> Floats:
    """The sentences' vectors; zeros for one without a piece."""
    found = np.zeros((len(sentences), encoder.head.config.size), np.float32)
    first, last = find_places(encoded.offsets, sentences)
    (met,) = np.nonzero(last > first)
    if len(met):
        states = encoded.states[encoder.name_tap]
        total = np.concatenate([np.zeros((1, states.shape[1])), np.cumsum(states, axis=0, dtype=np.float64)])
        mean = (total[last[met]] - total[first[met]]) / (last[met] - first[met])[:, None]
        with torch.inference_mode():
            found[met] = encoder.head.names(torch.from_numpy(mean.astype(np.float32))).numpy()
    return found
