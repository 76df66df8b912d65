"""Concept: the source that types spans by the names of the types alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from silversmith.core import Artefact, Document, Evidence, ModelError, Schema, Vote, blocks, write_artefact
from silversmith.models.concepts import ConceptEncoder, Vocabulary
from silversmith.models.concepts.calibration import Calibration, mention_odds
from silversmith.models.concepts.encoder import count_words
from silversmith.models.encode import Encoded, stream
from silversmith.silver.overlaps import resolve
from silversmith.sources.concept.method import (
    Names,
    evidence,
    log_probabilities,
    scores,
)

__all__ = ["KIND", "NAME", "Concept"]

NAME, KIND = "concept", "names"
FILE = "names.safetensors"


class Concept:
    """Names of types with the encoder that compares them with spans.

    proposer: a candidate generator (reads the encoder's model, see `taps`). threshold: least probability of a
    span (None: the one with the best F1 on the encoder's held-out text). shift: added to each type's
    log-odds; above 0 finds more. nested: spans inside others may stay. vocabulary: names to tell what a span
    is nearest to, whatever was asked for.
    """

    name: ClassVar[str] = NAME

    def __init__(
        self,
        schema: Schema,
        encoder: ConceptEncoder,
        proposer: Any,
        *,
        threshold: float | None = None,
        shift: float = 0.0,
        nested: bool = False,
        vectors: NDArray[np.float32] | None = None,
        vocabulary: Vocabulary | None = None,
    ) -> None:
        self.schema, self.encoder, self.proposer = schema, encoder, proposer
        self.calibration = Calibration.of(encoder.facts)
        self.threshold = self.calibration.threshold if threshold is None else threshold
        self.shift, self.nested = shift, nested
        self.names = Names.of(schema, encoder, vectors)
        self.vocabulary = vocabulary
        self.uncovered = 0  # windows cover every piece of a text
        self.taps = sorted({*encoder.taps, *getattr(proposer, "taps", ())})

    @classmethod
    def prepare(cls, schema: Schema, *, encoder: ConceptEncoder, proposer: Any, **options: Any) -> Concept:
        """No corpus is needed. Raises ConfigError O003: a schema without a type."""
        return cls(schema, encoder, proposer, **options)

    @classmethod
    def open(
        cls,
        folder: Path | str,
        encoder: ConceptEncoder,
        proposer: Any,
        vocabulary: Vocabulary | None = None,
    ) -> Concept:
        """From its folder. Raises ModelError A001 to A004, O020: its names are of another encoder."""
        artefact = Artefact.open(folder, KIND)
        made = artefact.manifest
        if made["model"] != encoder.identity():
            raise ModelError(
                "O020",
                f"its names were encoded by {made['model']}, not {encoder.identity()}"[:300],
                path=folder,
                remedy="make it again from its schema: label --schema",
            )
        vectors = load_file(artefact.path(FILE))["names"]
        schema = Schema.model_validate(made["schema"])
        return cls(schema, encoder, proposer, vectors=vectors, vocabulary=vocabulary, **made["options"])

    def save(self, folder: Path | str, **fields: Any) -> None:
        """Write the names and their vectors; fields go into the manifest."""
        options = {"threshold": self.threshold, "shift": self.shift, "nested": self.nested}
        schema = self.schema.model_dump(mode="json")
        with write_artefact(
            folder, KIND, schema=schema, options=options, model=self.encoder.identity(), **fields
        ) as aside:
            save_file({"names": self.names.raw}, aside / FILE)

    def settings(self) -> dict[str, Any]:
        """Whatever decides the votes."""
        return {
            "model": self.encoder.identity(),
            "schema": self.schema.model_dump(mode="json"),
            "options": [self.threshold, self.shift, self.nested],
            "candidates": self.proposer.identity() if hasattr(self.proposer, "identity") else None,
        }

    def label(self, documents: Iterable[Document], *, every: bool = False) -> Iterator[list[Vote]]:
        """Votes a document, in order. every: of all candidates, overlapping and unlikely ones too."""
        for block in blocks(documents):
            found: dict[int, list[Vote]] = {}
            texts = [document.text for document in block]
            for number, encoded in stream(self.encoder.model, texts, self.taps):
                found[number] = self._votes(block[number], encoded, every=every)
            yield from (found[number] for number in range(len(block)))

    def type_spans(self, documents: Iterable[Document], *, outside: bool = False) -> Iterator[list[Vote]]:
        """A vote for each span that the documents carry (its label is not looked at).

        outside: whether "no entity" is allowed; else the probabilities are those of the types alone.
        """
        for block in blocks(documents):
            found: dict[int, list[Vote]] = {}
            for number, encoded in stream(self.encoder.model, [one.text for one in block], self.taps):
                document = block[number]
                places = [(span.start, span.end) for span in document.spans]
                log_p, _ = self._read(document, encoded, places)
                p = np.exp(log_p)
                if not outside:
                    p = p / np.maximum(p.sum(axis=1, keepdims=True), 1e-300)
                found[number] = [
                    self._vote(document, *place, row) for place, row in zip(places, p, strict=True)
                ]
            yield from (found[number] for number in range(len(block)))

    def explain(self, document: Document, vote: Vote) -> Evidence:
        """How alike the span is to each wording, above what any span is; and that it is a mention at all."""
        (encoded,) = self.encoder.model.encode([document.text], self.taps)
        # Among all candidates, as when it was labelled: alone, matrix products differ in the last bits.
        mention = {(one.start, one.end): one.mention for one in self.proposer.propose(document, encoded)}
        place = (vote.start, vote.end)
        mention.setdefault(place, None)
        spans, q = self._vectors(document, encoded, list(mention), list(mention.values()))
        row = list(mention).index(place)
        leaves, calibration = evidence(spans[row], float(q[row]), self.names, self.calibration, self.shift)
        if self.vocabulary is None:
            return Evidence(leaves, calibration)
        near = ", ".join(f"{name} {z:.1f}" for name, z in self.vocabulary.nearest(spans[row]))
        text = document.text[vote.start : vote.end]
        told = {"text": text, "nearest concepts": near}
        alike = self.vocabulary.nearest_mentions(spans[row])
        if alike:
            told["like annotated mentions"] = ", ".join(f"{mention} ({name})" for mention, name in alike)
        return Evidence(leaves, calibration, (told,))

    def _votes(self, document: Document, encoded: Encoded, *, every: bool) -> list[Vote]:
        """Of one document."""
        candidates = self.proposer.propose(document, encoded)
        places = [(one.start, one.end) for one in candidates]
        log_p, _ = self._read(document, encoded, places, [one.mention for one in candidates])
        p = np.exp(log_p)
        best = p.max(axis=1, initial=0.0)
        kept = list(range(len(places))) if every else np.nonzero(best >= self.threshold)[0].tolist()
        if not every:
            spans, sure = [places[n] for n in kept], [float(best[n]) for n in kept]
            kept = [kept[at] for at in resolve(spans, sure, nested=self.nested)]
        return [self._vote(document, *places[n], p[n]) for n in kept]

    def _vote(self, document: Document, start: int, end: int, p: NDArray[np.float64]) -> Vote:
        chances = dict(zip(self.names.types, p.tolist(), strict=True))
        return Vote(document.id, start, end, chances, NAME)

    def _read(
        self,
        document: Document,
        encoded: Encoded,
        places: Sequence[tuple[int, int]],
        mention: Sequence[float | None] | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(log p [spans, types], of "no entity" [spans])."""
        spans, q = self._vectors(document, encoded, places, mention)
        return log_probabilities(scores(spans, q, self.names, self.calibration, self.shift))

    def _vectors(
        self,
        document: Document,
        encoded: Encoded,
        places: Sequence[tuple[int, int]],
        mention: Sequence[float | None] | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """(vectors [spans, size], q [spans]); mention probabilities that aren't given are looked up."""
        if mention is None:
            known = {(one.start, one.end): one.mention for one in self.proposer.propose(document, encoded)}
            mention = [known.get(place) for place in places]
        spans = np.array(places, np.int32).reshape(-1, 2)
        vectors = self.encoder.spans(encoded, spans, count_words(document, spans))
        return vectors, mention_odds(mention)
