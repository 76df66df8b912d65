"""Losses: what a reading or a writing could not keep, what it repaired and what it noticed, with examples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Losses", "Tally"]

_EXAMPLES = 3
"""Examples kept of each kind."""


@dataclass(slots=True)
class Tally:
    """One kind of loss: how often, and the first examples."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, example: str, count: int) -> None:
        """Count once more; keep the example if there is room."""
        self.count += count
        if example and len(self.examples) < _EXAMPLES:
            self.examples.append(example if len(example) <= 80 else example[:77] + "...")


@dataclass(slots=True)
class Losses:
    """The report of one reading or writing.

    documents, spans: how many went through. lost: what is not in the result. repaired: what was wrong
    in the input and put right. noted: what is kept as it is and worth a look.
    """

    documents: int = 0
    spans: int = 0
    lost: dict[str, Tally] = field(default_factory=dict)
    repaired: dict[str, Tally] = field(default_factory=dict)
    noted: dict[str, Tally] = field(default_factory=dict)

    def lose(self, what: str, example: str = "", count: int = 1) -> None:
        """Count something that the result does not have."""
        self.lost.setdefault(what, Tally()).add(example, count)

    def repair(self, what: str, example: str = "", count: int = 1) -> None:
        """Count something that was put right."""
        self.repaired.setdefault(what, Tally()).add(example, count)

    def note(self, what: str, example: str = "", count: int = 1) -> None:
        """Count something that is kept and worth a look."""
        self.noted.setdefault(what, Tally()).add(example, count)

    def lines(self) -> list[str]:
        """The report for people: 'lost: 3 x nested spans (doc1 [0, 5) PER; ...)'."""
        out = []
        for title, kinds in (("lost", self.lost), ("repaired", self.repaired), ("noted", self.noted)):
            for what, tally in kinds.items():
                shown = f" ({'; '.join(tally.examples)})" if tally.examples else ""
                out.append(f"{title}: {tally.count} x {what}{shown}")
        return out

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        kinds = {"lost": self.lost, "repaired": self.repaired, "noted": self.noted}
        return {
            "documents": self.documents,
            "spans": self.spans,
            **{
                title: {what: {"count": one.count, "examples": one.examples} for what, one in tallies.items()}
                for title, tallies in kinds.items()
            },
        }
