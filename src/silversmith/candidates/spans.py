"""Candidates that follow no pattern: spans the mention head likes, and all n-grams."""

from __future__ import annotations

from collections.abc import Iterator

from silversmith.candidates.base import Find, Reading

__all__ = ["Mentioned", "NGrams"]


class Mentioned:
    """Spans to which the mention head gives at least `least`."""

    name = "mention"

    def __init__(self, least: float = 0.1) -> None:
        self.least = least

    def find(self, reading: Reading) -> Iterator[Find]:
        """Spans inside a sentence or across; none where no head was used."""
        found = reading.mentions
        if found is None:
            return
        kept = found.probability >= self.least
        for start, end in zip(found.start[kept].tolist(), found.end[kept].tolist(), strict=True):
            yield start, end, self.name


class NGrams:
    """Every span of 1 to `longest` words that neither begins nor ends with a sign."""

    name = "n-gram"

    def __init__(self, longest: int = 4) -> None:
        self.longest = longest

    def find(self, reading: Reading) -> Iterator[Find]:
        """Spans inside a sentence."""
        wordlike = [token[0].isalnum() or token[-1].isalnum() for token in reading.tokens]
        for first, last in reading.sentences:
            for start in range(first, last):
                if wordlike[start]:
                    for end in range(start + 1, min(last, start + self.longest) + 1):
                        if wordlike[end - 1]:
                            yield start, end, self.name
