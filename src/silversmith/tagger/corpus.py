"""TrainingCorpus: labelled documents as readings, tags and windows, ready for batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from silversmith.core import DataError, Document
from silversmith.core.errors import nearest
from silversmith.models.encode import Window
from silversmith.tagger.certain import certain_outside
from silversmith.tagger.reading import Reader, Reading, word_spans
from silversmith.tagger.tags import TagSet, WordSpan
from silversmith.tagger.windows import windows_of

__all__ = ["Facts", "TrainingCorpus", "check_silver"]


@dataclass(slots=True)
class Facts:
    """What reading the labels met: words, spans by label, widened to whole words, left out as overlapping."""

    words: int = 0
    spans: Counter[str] = field(default_factory=Counter)
    widened: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class TrainingCorpus:
    """Some documents for training.

    tags: int64 [words] a document. certain: bool [words] a document, surely outside (see certain.py).
    spans: of words, nested ones too. begins: number of each document's first word among all words.
    """

    names: list[str]
    readings: list[Reading]
    tags: list[NDArray[np.int64]]
    certain: list[NDArray[np.bool_]]
    spans: list[list[WordSpan]]
    begins: NDArray[np.int64]
    windows: list[Window]
    facts: Facts

    @classmethod
    def of(
        cls, documents: Sequence[Document], reader: Reader, tags: TagSet, window: int, overlap: int
    ) -> TrainingCorpus:
        """Read the documents with the tagger's own reader."""
        facts = Facts()
        readings = reader([one.text for one in documents])
        found, certain, spans = [], [], []
        for document, reading in zip(documents, readings, strict=True):
            flat, widened, left_out = word_spans(document, reading.words)
            found.append(tags.encode(len(reading.words), flat))
            spans.append(word_spans(document, reading.words, nested=True)[0])
            certain.append(certain_outside(document.text, reading.words) & (found[-1] == 0))
            facts.words += len(reading.words)
            facts.spans.update(label for _, _, label in flat)
            facts.widened, facts.left_out = facts.widened + widened, facts.left_out + left_out
        begins = np.cumsum([0, *(len(one.words) for one in readings)], dtype=np.int64)
        windows = windows_of(readings, window, overlap)
        names = [one.id for one in documents]
        return cls(names, readings, found, certain, spans, begins, windows, facts)

    @property
    def words(self) -> int:
        """Words of all documents."""
        return int(self.begins[-1])


def check_silver(documents: Sequence[Document], labels: Sequence[str] | None = None) -> tuple[str, ...]:
    """The labels to train, after a look at the documents.

    Raises DataError: K020 no document or only one, K021 no span at all, K022 a type without a span, K023 a
    label that the schema lacks.
    """
    if len(documents) < 2:
        raise DataError(
            "K020",
            f"expected at least two documents, found {len(documents)}",
            remedy="one part is kept aside to know when to stop; give more documents",
        )
    counts = Counter(span.label for one in documents for span in one.spans)
    if not counts:
        raise DataError(
            "K021",
            f"no labelled span in {len(documents)} documents: every word would be O",
            remedy="lower the thresholds of the silver set, or look at it: silversmith evaluate",
        )
    if labels is None:
        return tuple(sorted(counts))
    for document in documents:
        for span in document.spans:
            if span.label not in labels:
                raise DataError(
                    "K023",
                    f"label {span.label!r} is not in the schema",
                    where=f"document {document.id!r}",
                    remedy=nearest(span.label, labels),
                )
    missing = [name for name in labels if not counts[name]]
    if missing:
        raise DataError(
            "K022",
            f"no span of type {', '.join(map(repr, missing))} in {len(documents)} documents",
            remedy="take the type out of the schema, or label some spans of it",
        )
    return tuple(labels)
