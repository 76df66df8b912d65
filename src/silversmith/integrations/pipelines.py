"""Models of other tools as sources: a spaCy pipeline, a Hugging Face pipeline, GLiNER, each given ready made.

    nlp = spacy.load("en_core_web_sm")
    source = OtherModel.of_spacy(nlp, {"PERSON": "PER", "GPE": "LOC"})

labels: what a label of the tool is called here; one that is not named is left out (None: all stay as they
are). Each document is read by itself: what a tool does with a batch is its own affair, and its votes must not
depend on it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from silversmith.core import Document, Evidence, Leaf, Vote
from silversmith.silver.overlaps import resolve

__all__ = ["OtherModel"]

CERTAIN = 0.8
"""Probability of a span for which a tool gives none (spaCy)."""
Read = Callable[[str], Iterable[tuple[int, int, str, float]]]


class OtherModel:
    """A tool as a source. read: text -> (start, end, label, probability). tool: its name, for the
    evidence."""

    name: ClassVar[str] = "other"

    def __init__(self, read: Read, tool: str, labels: Mapping[str, str] | None = None) -> None:
        self.read, self.tool, self.labels = read, tool, labels
        self.uncovered = 0

    @classmethod
    def of_spacy(
        cls, nlp: Any, labels: Mapping[str, str] | None = None, probability: float = CERTAIN
    ) -> OtherModel:
        """A spaCy pipeline with an entity recogniser; it gives no probabilities, so all have one."""

        def read(text: str) -> Iterator[tuple[int, int, str, float]]:
            for one in nlp(text).ents:
                yield one.start_char, one.end_char, one.label_, probability

        return cls(read, f"spaCy {nlp.meta.get('lang', '')}_{nlp.meta.get('name', '')}", labels)

    @classmethod
    def of_transformers(cls, pipeline: Any, labels: Mapping[str, str] | None = None) -> OtherModel:
        """A Hugging Face pipeline "token-classification" with an aggregation strategy (without one:
        "simple")."""

        def read(text: str) -> Iterator[tuple[int, int, str, float]]:
            strategy = {} if _aggregates(pipeline) else {"aggregation_strategy": "first"}
            for one in pipeline(text, **strategy) if text.strip() else ():
                yield int(one["start"]), int(one["end"]), one["entity_group"], float(one["score"])

        return cls(read, f"transformers {pipeline.model.config.name_or_path}", labels)

    @classmethod
    def of_gliner(cls, model: Any, labels: Mapping[str, str], threshold: float = 0.5) -> OtherModel:
        """A GLiNER model. labels: name that it is asked for -> type."""
        names = list(labels)

        def read(text: str) -> Iterator[tuple[int, int, str, float]]:
            for one in model.predict_entities(text, names, threshold=threshold) if text.strip() else ():
                yield int(one["start"]), int(one["end"]), one["label"], float(one["score"])

        return cls(read, "GLiNER", labels)

    def settings(self) -> dict[str, Any]:
        """What is known of what decides the votes."""
        return {"tool": self.tool, "labels": None if self.labels is None else dict(self.labels)}

    def label(self, documents: Iterable[Document]) -> Iterator[list[Vote]]:
        """Votes a document, in order; none overlap."""
        for document in documents:
            found = list(self._found(document))
            kept = resolve([(a, b) for a, b, _, _ in found], [p for *_, p in found])
            yield [self._vote(document, found[at]) for at in kept]

    def explain(self, document: Document, vote: Vote) -> Evidence:
        """The tool's own score: it gives no other reason."""
        p = vote.probabilities[vote.span().label]
        return Evidence(
            (Leaf(f"{self.tool} says so", {vote.span().label: math.log(p)}),), {vote.span().label: 0.0}
        )

    def _vote(self, document: Document, one: tuple[int, int, str, float]) -> Vote:
        start, end, kind, p = one
        return Vote(document.id, start, end, {kind: p}, self.name)

    def _found(self, document: Document) -> Iterator[tuple[int, int, str, float]]:
        """The tool's spans under our names, without blanks at their ends."""
        for start, end, label, p in self.read(document.text):
            kind = label if self.labels is None else self.labels.get(label)
            text = document.text[start:end]
            start, end = start + len(text) - len(text.lstrip()), end - len(text) + len(text.rstrip())
            if kind is not None and end > start:
                yield start, end, kind, min(1.0, max(1e-9, p))


def _aggregates(pipeline: Any) -> bool:
    """Whether a pipeline joins the pieces of an entity by itself."""
    given: Sequence[Any] | Mapping[str, Any] = getattr(pipeline, "_postprocess_params", {})
    strategy = given.get("aggregation_strategy") if isinstance(given, Mapping) else None
    return getattr(strategy, "value", strategy) not in {None, "none"}
