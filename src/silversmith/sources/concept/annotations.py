"""Annotations: sentences whose spans carry free concepts, as an LLM names them (NuNER, section 3.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from silversmith.core import DataError, Document

__all__ = ["BANNED", "Annotations", "last_documents", "normal_concept"]

BANNED = frozenset({"concept", "entity", "thing", "item"})
"""Concepts that say nothing (the paper drops a sentence for "concept"; here the span goes)."""
LONGEST = 5
"""Words of a concept (section 4.1 of the paper's method as described: longer ones are sentences)."""


def normal_concept(name: str) -> str:
    """A concept as it is compared: lower case, single blanks, no final stop; "" if it says nothing."""
    found = " ".join(name.lower().replace("_", " ").split()).rstrip(".")
    return "" if found in BANNED or len(found.split()) > LONGEST else found


@dataclass(frozen=True)
class Annotations:
    """Documents whose labels are concepts. concepts: distinct, the most frequent first; counts: of each.

    dropped: reason -> how many spans or documents went.
    """

    documents: tuple[Document, ...]
    concepts: tuple[str, ...]
    counts: tuple[int, ...]
    dropped: dict[str, int]

    @classmethod
    def of(cls, documents: Iterable[Document]) -> Annotations:
        """Normalised; repeated texts and (span, concept) pairs once. Raises DataError O001: no span."""
        dropped: Counter[str] = Counter()
        kept: dict[str, Document] = {}
        for document in documents:
            if document.text in kept:
                dropped["same text"] += 1
                continue
            spans = []
            for span in document.spans:
                name = normal_concept(span.label)
                if not name:
                    dropped["uninformative concept"] += 1
                elif normal_concept(document.text[span.start : span.end]) == normal_concept(document.text):
                    dropped["whole text"] += 1
                else:
                    spans.append(replace(span, label=name))
            unique = list(dict.fromkeys(spans))
            dropped["repeated"] += len(spans) - len(unique)
            kept[document.text] = document.with_spans(unique)
        counts = Counter(span.label for one in kept.values() for span in one.spans)
        if not counts:
            raise DataError("O001", "no annotated span", remedy="give documents whose spans carry concepts")
        order = sorted(counts, key=lambda name: (-counts[name], name))
        found = {reason: count for reason, count in dropped.items() if count}
        return cls(tuple(kept.values()), tuple(order), tuple(counts[name] for name in order), found)

    @classmethod
    def read(cls, path: Path | str, format: str | None = None) -> Annotations:
        """From a file of any format. Raises DataError F001 to F020, O001."""
        from silversmith.formats import read
        from silversmith.sources.concept.published import is_published, read_published

        if format is None and Path(path).is_file() and is_published(path):
            left: Counter[str] = Counter()
            made = cls.of(read_published(path, left))
            return replace(made, dropped={**made.dropped, **left})
        return cls.of(read(path, format))

    def split(self, held: Iterable[str]) -> tuple[Annotations, Annotations]:
        """(the rest, the documents of these ids). Raises DataError O002 if one part is empty."""
        wanted = set(held)
        parts = [[one for one in self.documents if (one.id in wanted) == inside] for inside in (False, True)]
        if not all(parts):
            raise DataError("O002", "one part of the annotations is empty", remedy="hold out other documents")
        return Annotations.of(parts[0]), Annotations.of(parts[1])

    def statistics(self) -> dict[str, Any]:
        """Counts as a table shows them; `tail`: share of concepts seen once (the paper's figure 4)."""
        mentions = {(one.id, span.start, span.end) for one in self.documents for span in one.spans}
        once = sum(count == 1 for count in self.counts)
        return {
            "documents": len(self.documents),
            "characters": sum(len(one.text) for one in self.documents),
            "mentions": len(mentions),
            "annotations": sum(self.counts),
            "concepts": len(self.concepts),
            "tail": once / len(self.concepts),
            "most_frequent": dict(zip(self.concepts[:20], self.counts[:20], strict=True)),
            "dropped": dict(self.dropped),
        }


def last_documents(annotations: Annotations, share: float) -> Sequence[str]:
    """The ids of the last share of the documents: those that validate where nobody names others."""
    count = max(1, round(share * len(annotations.documents)))
    return [one.id for one in annotations.documents[-count:]]
