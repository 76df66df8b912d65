"""Quality without gold: precision and recall of a silver set as ranges, from how far other sets agree.

Sets that err independently of one another (different sources) give both in closed form: `Agreement.ratios`.
Seeds of one source err alike, so agreement flatters them: precision and recall are then read from lines
in the logits of agreement and of the set's probabilities. The lines, and the spread of their errors, were
measured where gold exists and lie in `quality.json` (experiments/quality.py makes it).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

from silversmith.core import ConfigError, Document
from silversmith.core.errors import nearest
from silversmith.silver.agreement import Agreement, Ratios
from silversmith.silver.ranges import Range, logit, sigmoid

__all__ = [
    "KINDS",
    "Kind",
    "Quality",
    "Sureness",
    "estimate_quality",
    "load_measured",
    "quality_by_type",
    "quality_features",
    "range_around",
    "sureness",
]

Kind = Literal["seeds", "sources"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FEWEST = 50
"""Spans below which no range is given."""


@dataclass(frozen=True, slots=True)
class Sureness:
    """Probabilities of a set: mean of its spans (mean), and their sum as a share of the sum over all
    spans that were proposed at all (mass; 1 if none was left out)."""

    mean: float
    mass: float


@dataclass(frozen=True, slots=True)
class Quality:
    """Precision and recall of a set with their 90 % ranges, and the ratios they come from."""

    precision: Range
    recall: Range
    ratios: Ratios

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "spans": round(self.ratios.spans),
            "precision": self.precision.to_json(),
            "recall": self.recall.to_json(),
            "confirmed": round(self.ratios.confirmed, 4),
            "found": round(self.ratios.found, 4),
        }


def sureness(documents: Iterable[Document], threshold: float) -> Sureness | None:
    """Of documents with all scored spans, the sureness of those at or above a threshold; None if unscored."""
    kept, above, everything = 0, 0.0, 0.0
    for document in documents:
        for span in document.spans:
            if span.score is None:
                return None
            everything += span.score
            if span.score >= threshold:
                kept, above = kept + 1, above + span.score
    return Sureness(above / kept, above / everything) if kept and above else None


def estimate_quality(
    agreement: Agreement, at: int = 0, *, kind: Kind = "seeds", sure: Sureness | None = None
) -> Quality:
    """Precision and recall of the set at a position, as 90 % ranges.

    kind: "seeds" if the sets come from one source (other seeds, other few documents): they err alike;
    "sources" if they come from different ones that share neither training data nor rules. sure: of the
    set, used for seeds; without it their ranges are wider. Raises ConfigError Q001 for fewer than three
    sets, Q004 an unknown kind, Q006 fewer than 50 spans.
    """
    if kind not in KINDS:
        raise ConfigError("Q004", f"sets of the kind {kind!r}", remedy=nearest(kind, KINDS))
    ratios = agreement.ratios(at)
    if ratios.spans < FEWEST:
        raise ConfigError(
            "Q006", f"{ratios.spans:.0f} spans are too few", remedy=f"a range needs {FEWEST} spans or more"
        )
    scored = kind == "seeds" and sure is not None
    curves = load_measured()["curves"]["seeds, scored" if scored else kind]
    spreads = agreement.spreads(at) if kind == "sources" else (0.0, 0.0)  # the lines' errors hold it
    precision, recall = (
        range_around(quality_features(name, ratios, sure if scored else None), curves[name], spread)
        for name, spread in zip(("precision", "recall"), spreads, strict=True)
    )
    return Quality(precision, recall, ratios)


def quality_by_type(agreement: Agreement, at: int = 0) -> dict[str, Quality]:
    """Type -> quality among different sources, of the types of which the set has at least 50 spans.

    The closed form holds for each type by itself; the lines for seeds were never tried on single types.
    """
    parts = ((label, agreement.only(label)) for label in agreement.types)
    return {
        label: estimate_quality(part, at, kind="sources")
        for label, part in parts
        if part.shared(at) >= FEWEST
    }


def quality_features(name: str, ratios: Ratios, sure: Sureness | None = None) -> list[float]:
    """What the line of "precision" or "recall" is made of: 1 for the intercept, and logits.

    The first logit is that of the closed form. sure: precision is then read from the mean probability
    alone, which on data sets with gold told more than agreement did.
    """
    if name == "precision":
        if sure is not None:
            return [1.0, logit(sure.mean)]
        return [1.0, logit(ratios.precision), logit(ratios.confirmed)]
    found = [1.0, logit(ratios.found), logit(ratios.confirmed)]
    return found if sure is None else [*found, logit(sure.mass)]


def range_around(features: list[float], curve: Mapping[str, Any], spread: float) -> Range:
    """The share that a line gives, and its range: the spread of the line's errors, and that of counting.

    curve: "weights" [features]; "low" and "high": how far, as shares, the truth lay below and above the
    line in all but 5 % of cases each. spread: half width that counting alone gives.
    """
    weights = list(curve["weights"]) + [0.0] * (len(features) - len(curve["weights"]))
    share = sigmoid(math.fsum(w * x for w, x in zip(weights, features, strict=True)))
    low, high = (math.hypot(curve[side], spread) for side in ("low", "high"))
    return Range(max(0.0, share - low), share, min(1.0, share + high))


@cache
def load_measured() -> dict[str, Any]:
    """What was measured where gold exists: "curves" (kind -> "precision" and "recall" -> line), "drift"."""
    text = (files("silversmith") / "silver" / "quality.json").read_text(encoding="utf-8")
    measured: dict[str, Any] = json.loads(text)
    return measured
