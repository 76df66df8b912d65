"""From tested spans to votes: one span where several overlap, one probability a type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from silversmith.core import Vote
from silversmith.sources.example.mining import Mining

__all__ = ["NAME", "Scored", "settle", "votes_of"]

NAME = "example"
Scored = tuple[int, int, int, float]
"""(start, end, type, score); characters of the document."""


def settle(spans: Sequence[tuple[int, int]], ratios: Sequence[float], margin: float) -> list[int]:
    """Positions of the spans that stay, in text order; none overlap.

    Greedily by ratio (score over threshold), then longer, then earlier. Where a span that is taken lies
    inside others whose ratio is at most `margin` (a share) worse, the longest of them is taken in its place.
    """
    order = sorted(range(len(spans)), key=lambda n: (ratios[n], spans[n][0] - spans[n][1], spans[n][0]))
    taken: list[int] = []
    for number in order:
        if any(_overlap(spans[number], spans[other]) for other in taken):
            continue
        rivals = [
            other
            for other in order
            if _holds(spans[other], spans[number])
            and ratios[other] <= ratios[number] * (1 + margin)
            and not any(_overlap(spans[other], spans[one]) for one in taken)
        ]
        taken.append(min([number, *rivals], key=lambda n: (spans[n][0] - spans[n][1], ratios[n])))
    return sorted(taken, key=lambda n: spans[n])


def votes_of(document_id: str, found: Sequence[Scored], mining: Mining, *, every: bool = False) -> list[Vote]:
    """The votes of one document's tested spans.

    every: also spans above their threshold and overlapping ones. A span's type is the one with the least
    score over its threshold; its probability comes first, those of the others share what it leaves.
    """
    limits = mining.thresholds()
    places: dict[tuple[int, int], dict[int, float]] = {}
    for start, end, kind, score in found:
        if every or score <= limits[kind]:
            scores = places.setdefault((start, end), {})
            scores[kind] = min(score, scores.get(kind, float("inf")))
    spans = sorted(places)
    ratios = [min(score / limits[kind] for kind, score in places[one].items()) for one in spans]
    kept = range(len(spans)) if every else settle(spans, ratios, mining.options.nested_margin)
    return [Vote(document_id, *spans[n], _chances(places[spans[n]], mining), NAME) for n in kept]


def _chances(scores: Mapping[int, float], mining: Mining) -> dict[str, float]:
    """Probabilities of a span's types."""
    limits = mining.thresholds()
    order = sorted(scores, key=lambda kind: (scores[kind] / limits[kind], mining.types[kind]))
    chances = [mining.calibrations[mining.types[kind]].probability(scores[kind]) for kind in order]
    left, rest = 1.0 - chances[0], sum(chances[1:])
    shrunk = [chances[0], *(one * min(1.0, left / rest) for one in chances[1:])] if rest else chances
    return {mining.types[kind]: max(1e-9, one) for kind, one in zip(order, shrunk, strict=True)}


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two ranges share a character."""
    return one[0] < other[1] and other[0] < one[1]


def _holds(outer: tuple[int, int], inner: tuple[int, int]) -> bool:
    """Whether a range lies inside a larger one."""
    return outer != inner and outer[0] <= inner[0] and inner[1] <= outer[1]
