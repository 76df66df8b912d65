"""Oracle recall of candidates: the share of gold spans that a perfect typing could still find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from silversmith.candidates.base import Candidate
from silversmith.core import Document
from silversmith.text.words import split_words

__all__ = ["Coverage", "measure_candidates"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Counts over documents: gold spans, those met exactly and at IoU 0.5, by type; candidates; words."""

    gold: Counter[str]
    exact: Counter[str]
    half: Counter[str]
    candidates: int
    words: int

    @property
    def exact_recall(self) -> float:
        """Share of gold spans that are candidates."""
        return self.exact.total() / max(1, self.gold.total())

    @property
    def half_recall(self) -> float:
        """Share of gold spans with a candidate of intersection over union (characters) >= 0.5."""
        return self.half.total() / max(1, self.gold.total())

    @property
    def per_word(self) -> float:
        """Candidates a word."""
        return self.candidates / max(1, self.words)

    def by_type(self) -> dict[str, dict[str, float]]:
        """type -> gold, exact, iou_0.5 (recalls)."""
        return {
            label: {"gold": count, "exact": self.exact[label] / count, "iou_0.5": self.half[label] / count}
            for label, count in sorted(self.gold.items())
        }


def measure_candidates(pairs: Iterable[tuple[Document, Sequence[Candidate]]]) -> Coverage:
    """Coverage of the documents' own (gold) spans by candidates. Words: the document's own, else by rule."""
    gold, exact, half = Counter[str](), Counter[str](), Counter[str]()
    total = words = 0
    for document, candidates in pairs:
        total += len(candidates)
        words += len(document.words if document.words is not None else split_words(document.text))
        spans = {(one.start, one.end) for one in candidates}
        for span in document.spans:
            gold[span.label] += 1
            exact[span.label] += (span.start, span.end) in spans
            half[span.label] += any(_iou(span.start, span.end, a, b) >= 0.5 for a, b in spans)
    return Coverage(gold, exact, half, total, words)


def _iou(a: int, b: int, c: int, d: int) -> float:
    """Intersection over union of two ranges."""
    both = min(b, d) - max(a, c)
    return both / (b - a + d - c - both) if both > 0 else 0.0
