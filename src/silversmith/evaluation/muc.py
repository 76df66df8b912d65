"""MUC scores: correct, partial, incorrect, missing and spurious spans, in two named variants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from silversmith.core import ConfigError
from silversmith.evaluation.counts import Counts
from silversmith.evaluation.links import link_spans
from silversmith.evaluation.pairing import Pair

__all__ = ["MucCounts", "Variant", "muc_counts", "muc_tally"]

Variant = Literal["paper", "muc7"]
"""Credit for a partial match: "paper" one half (as the SAE-NER paper scores), "muc7" none (as MUC-7 did)."""

CREDIT = {"paper": 0.5, "muc7": 0.0}


@dataclass(frozen=True, slots=True)
class MucCounts:
    """Type -> number of spans. `+` merges two shards.

    correct (COR): same offsets and type. partial (PAR): overlap, same type. incorrect (INC): linked,
    but other type; it stands once under its gold type, once under its predicted type. missing (MIS):
    gold alone. spurious (SPU): predicted alone.
    """

    correct: Mapping[str, int]
    partial: Mapping[str, int]
    incorrect_gold: Mapping[str, int]
    incorrect_predicted: Mapping[str, int]
    missing: Mapping[str, int]
    spurious: Mapping[str, int]

    def __add__(self, other: MucCounts) -> MucCounts:
        pairs = ((getattr(self, one.name), getattr(other, one.name)) for one in fields(self))
        return MucCounts(*(dict(Counter(mine) + Counter(theirs)) for mine, theirs in pairs))

    def counts(self, variant: Variant = "paper") -> Counts:
        """Counts whose tp is the credit, so that P = credit/ACT and R = credit/POS.

        ACT = COR + PAR + INC + SPU, POS = COR + PAR + INC + MIS; credit = COR + PAR/2 ("paper") or COR
        ("muc7"). Raises ConfigError E005 for another variant.
        """
        if variant not in CREDIT:
            raise ConfigError("E005", f"MUC variant {variant!r}", remedy="valid: paper, muc7")
        linked = Counter(self.correct) + Counter(self.partial)
        actual = linked + Counter(self.incorrect_predicted) + Counter(self.spurious)
        possible = linked + Counter(self.incorrect_gold) + Counter(self.missing)
        credit = {
            name: self.correct.get(name, 0) + CREDIT[variant] * self.partial.get(name, 0)
            for name in {*self.correct, *self.partial}
        }
        return Counts.of(credit, actual, possible)

    def to_json(self) -> dict[str, Any]:
        """The six mappings by name."""
        return {one.name: dict(getattr(self, one.name)) for one in fields(self)}


def muc_tally(pairs: Iterable[Pair]) -> MucCounts:
    """Link the spans of each pair (see `link_spans`) and count the MUC categories per type."""
    correct, partial, gold_side, predicted_side, missing, spurious = (Counter[str]() for _ in range(6))
    for gold, predicted in pairs:
        for link in link_spans(gold, predicted, unit="characters"):
            if link.gold is None and link.predicted is not None:
                spurious[link.predicted.label] += 1
            elif link.predicted is None and link.gold is not None:
                missing[link.gold.label] += 1
            elif link.gold is not None and link.predicted is not None:
                if link.kind == "correct":
                    correct[link.gold.label] += 1
                elif link.kind == "wrong_boundary":
                    partial[link.gold.label] += 1
                else:
                    gold_side[link.gold.label] += 1
                    predicted_side[link.predicted.label] += 1
    return MucCounts(*map(dict, (correct, partial, gold_side, predicted_side, missing, spurious)))


def muc_counts(pairs: Iterable[Pair], variant: Variant = "paper") -> Counts:
    """The MUC credit as `Counts`, ready for `score` and for the bootstrap."""
    return muc_tally(pairs).counts(variant)
