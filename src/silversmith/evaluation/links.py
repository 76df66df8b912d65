"""Links: each gold and each predicted span of a document in exactly one relation to the other side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from silversmith.core import Document, Span
from silversmith.evaluation.matching import Edge, assign, span_key
from silversmith.evaluation.units import Unit, check_unit, iou, overlapping, span_ranges, word_ranges

__all__ = ["KINDS", "Kind", "Link", "link_spans"]

Kind = Literal["correct", "wrong_boundary", "wrong_type", "wrong_both", "missing", "spurious"]
"""correct: equal. wrong_boundary: overlap, same type. wrong_type: same offsets, other type.
wrong_both: overlap, other type. missing: gold alone. spurious: predicted alone."""

KINDS: tuple[Kind, ...] = get_args(Kind)
"""The kinds, in the order in which spans are linked."""


@dataclass(frozen=True, slots=True)
class Link:
    """A gold span, a predicted span, or both; iou: their overlap (0 if one of them is None)."""

    kind: Kind
    gold: Span | None
    predicted: Span | None
    iou: float


def link_spans(gold: Document, predicted: Document, *, unit: Unit = "words") -> list[Link]:
    """Link the spans of two documents one to one, best kind first.

    First all equal spans, then overlapping ones of the same type, then the same offsets with another type,
    then any overlap; in each step as many as possible, then the largest IoU (characters). What is
    left is missing or spurious. unit: what the reported IoU is counted in. Raises ConfigError E005.
    """
    check_unit(unit)
    left, right = span_ranges(gold.spans, None), span_ranges(predicted.spans, None)
    weights = {pair: iou(left[pair[0]], right[pair[1]]) for pair in overlapping(left, right)}
    edges = [(one, other, weight) for (one, other), weight in weights.items() if weight > 0]
    if unit == "words":
        words = word_ranges(predicted if gold.words is None else gold)
        left, right = span_ranges(gold.spans, words), span_ranges(predicted.spans, words)
    links: list[Link] = []
    used: tuple[set[int], set[int]] = set(), set()
    for kind in KINDS[:4]:
        for one, other, _ in assign([edge for edge in edges if _fits(kind, edge, gold, predicted)]):
            links.append(Link(kind, gold.spans[one], predicted.spans[other], iou(left[one], right[other])))
            used[0].add(one)
            used[1].add(other)
        edges = [edge for edge in edges if edge[0] not in used[0] and edge[1] not in used[1]]
    links += [Link("missing", span, None, 0.0) for at, span in enumerate(gold.spans) if at not in used[0]]
    links += [
        Link("spurious", None, span, 0.0) for at, span in enumerate(predicted.spans) if at not in used[1]
    ]
    return links


def _fits(kind: Kind, edge: Edge, gold: Document, predicted: Document) -> bool:
    """Whether the two spans of an edge may be linked in this step."""
    one, other = gold.spans[edge[0]], predicted.spans[edge[1]]
    if kind == "correct":
        return bool(span_key(one) == span_key(other))
    if kind == "wrong_boundary":
        return one.label == other.label
    same = (one.start, one.end, one.fragments) == (other.start, other.end, other.fragments)
    return kind == "wrong_both" or same
