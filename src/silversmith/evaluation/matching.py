"""Matching: which predicted span stands for which gold span of the same type, one to one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from operator import attrgetter

import numpy as np

from silversmith.core import ConfigError, Document, Span
from silversmith.evaluation.units import Unit, check_unit, iou, overlapping, span_ranges, word_ranges

__all__ = ["Edge", "assign", "exact_labels", "iou_matches", "span_key"]

Edge = tuple[int, int, float]
"""Index of a gold span, index of a predicted span, weight (IoU) in (0, 1]."""

span_key = attrgetter("start", "end", "label", "fragments")
"""What two spans must share to be exactly equal."""


def exact_labels(gold: Sequence[Span], predicted: Sequence[Span]) -> list[str]:
    """The types of the exact matches (same offsets, fragments and type), one entry a match."""
    left = {span.start: span for span in gold}
    if len(left) < len(gold):  # spans that start together: nested, or of two types
        common = Counter(map(span_key, gold)) & Counter(map(span_key, predicted))
        return [key[2] for key in common.elements()]
    labels, take = [], left.pop  # taken away: one to one, even if a prediction is given twice
    for span in predicted:
        other = take(span.start, None)
        if other is None:
            continue
        if other.end == span.end and other.label == span.label and other.fragments == span.fragments:
            labels.append(span.label)
        else:
            left[span.start] = other
    return labels


def iou_matches(
    gold: Document, predicted: Document, threshold: float, *, unit: Unit = "words"
) -> list[tuple[Span, Span, float]]:
    """Maximum one-to-one matching of spans of the same type with IoU >= threshold (and > 0).

    Most pairs first, then the largest total IoU (Hungarian method, per document and type). Words are
    the gold document's, else the predicted one's, else computed. Returns (gold, predicted, IoU).
    Raises ConfigError E005 for a threshold outside [0, 1] or an unknown unit.
    """
    check_unit(unit)
    if not 0 <= threshold <= 1:
        raise ConfigError("E005", f"an IoU threshold of {threshold}", remedy="give a number from 0 to 1")
    words = None
    if unit == "words":
        words = word_ranges(predicted if gold.words is None else gold)
    left, right = span_ranges(gold.spans, words), span_ranges(predicted.spans, words)
    edges: list[Edge] = []
    for one, other in overlapping(left, right):
        if gold.spans[one].label == predicted.spans[other].label:
            weight = iou(left[one], right[other])
            if weight >= threshold and weight > 0:
                edges.append((one, other, weight))
    return [(gold.spans[one], predicted.spans[other], weight) for one, other, weight in assign(edges)]


def assign(edges: Sequence[Edge]) -> list[Edge]:
    """The edges of a maximum one-to-one matching: most edges, then largest total weight.

    Where no span has two edges nothing is to be decided: always so for flat spans and IoU > 0.5.
    """
    if len({one for one, _, _ in edges}) == len(edges) == len({other for _, other, _ in edges}):
        return list(edges)
    return sorted(edge for part in _components(edges) for edge in _solve(part))


def _components(edges: Iterable[Edge]) -> list[list[Edge]]:
    """The edges, parted into connected components, so that each problem stays small."""
    parent: dict[int, int] = {}

    def root(node: int) -> int:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    edges = list(edges)
    for one, other, _ in edges:
        parent[root(one)] = root(~other)  # ~ keeps the two sides apart: gold >= 0, predicted < 0
    parts: defaultdict[int, list[Edge]] = defaultdict(list)
    for edge in edges:
        parts[root(edge[0])].append(edge)
    return list(parts.values())


def _solve(edges: list[Edge]) -> list[Edge]:
    """The best matching of one component."""
    if len(edges) == 1:
        return edges
    from scipy.optimize import linear_sum_assignment  # 0.2 s to import, and most inputs never get here

    rows = sorted({one for one, _, _ in edges})
    columns = sorted({other for _, other, _ in edges})
    row, column = {one: at for at, one in enumerate(rows)}, {other: at for at, other in enumerate(columns)}
    gain = np.zeros((len(rows), len(columns)))
    for one, other, weight in edges:
        # weights are at most 1, so this bonus makes one more pair outweigh any choice among fewer
        gain[row[one], column[other]] = weight + min(gain.shape)
    chosen = zip(*linear_sum_assignment(gain, maximize=True), strict=True)
    taken = {(rows[int(one)], columns[int(other)]) for one, other in chosen}
    return [edge for edge in edges if (edge[0], edge[1]) in taken]
