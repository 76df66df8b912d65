"""Grid: many settings on one pair of corpora; what settings share (vectors, top-k, caches) is made once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silversmith.sources.features.corpus import Corpus
from silversmith.sources.features.counts import Cached
from silversmith.sources.features.evidence import fit_rule
from silversmith.sources.features.method import decide, probabilities
from silversmith.sources.features.negatives import mapping_spans
from silversmith.sources.features.options import Options
from silversmith.sources.features.pooling import pool, top_k
from silversmith.sources.features.quality import weighted_f1
from silversmith.sources.features.table import Csr, SpanTable

__all__ = ["Point", "best", "run_grid", "settings"]

READ = ("roles", "pooling", "pieces", "token_scale", "token_gain", "span_scale", "max_density", "cues")
"""Options that decide the span vectors before the top k."""


@dataclass(frozen=True, slots=True)
class Point:
    """One setting and its weighted F1 on gold spans: O allowed as an answer, and types only."""

    options: Options
    with_outside: float
    types_only: float


def settings(base: Options, **choices: Sequence[Any]) -> Iterator[Options]:
    """Every combination of some options' values over a base. Raises ConfigError M001, M002."""
    for values in itertools.product(*choices.values()):
        yield base.changed(**dict(zip(choices, values, strict=True)))


def run_grid(
    mapping: Corpus, tested: Corpus, grid: Iterable[Options], density: NDArray[np.float64] | None = None
) -> list[Point]:
    """Fit each setting on one corpus and type the gold spans of the other, in the grid's order.

    Settings take their own temperature or 1, since the best label does not depend on it unless T_conf does.
    """
    bench = _Bench(mapping, tested, density)
    return [bench.point(options) for options in grid]


@dataclass
class _Bench:
    """Two corpora and what was made of them so far."""

    mapping: Corpus
    tested: Corpus
    density: NDArray[np.float64] | None
    pooled: dict[Any, tuple[Csr, Csr]] = field(default_factory=dict)
    cached: dict[Any, tuple[Cached, Csr]] = field(default_factory=dict)
    tables: dict[Any, SpanTable] = field(default_factory=dict)

    def point(self, options: Options) -> Point:
        """Fit and score one setting."""
        cached, x = self._vectors(options)
        linear = fit_rule(cached, options)
        scores, evident = linear.scores(x), linear.evident(x)
        p = probabilities(scores, options.temperature or 1.0, evident)
        y, classes = self.tested.gold.label, cached.classes
        decided = decide(scores, p, evident, options)
        best = p[:, :-1].argmax(axis=1)
        return Point(options, weighted_f1(y, decided, classes), weighted_f1(y, best, classes))

    def _vectors(self, options: Options) -> tuple[Cached, Csr]:
        """The mapping spans' cache and the tested spans' vectors."""
        drawn = (options.negatives, options.negative_iou, options.seed)
        read = tuple(getattr(options, name) for name in READ)
        key = (drawn, read, options.k)
        if key not in self.cached:
            if drawn not in self.tables:
                self.tables[drawn] = mapping_spans(self.mapping, options)
            table = self.tables[drawn]
            if (drawn, read) not in self.pooled:
                whole = options.changed(k=None)
                dense = self._dense(options)
                self.pooled[drawn, read] = (
                    pool(self.mapping.matrix, table, whole, dense),
                    pool(self.tested.matrix, self.tested.gold, whole, dense),
                )
            ours, theirs = self.pooled[drawn, read]
            if options.k is not None:
                ours, theirs = top_k(ours, options.k), top_k(theirs, options.k)
            self.cached[key] = (Cached(ours, table.label, len(self.mapping.labels)), theirs)
        return self.cached[key]

    def _dense(self, options: Options) -> NDArray[np.bool_] | None:
        """The latents of the density mask."""
        if options.max_density is None:
            return None
        density = self.mapping.density() if self.density is None else self.density
        return np.asarray(density > options.max_density)


def best(points: Iterable[Point]) -> Mapping[str, Point]:
    """The best point of each rule, types only (ties: the first)."""
    found: dict[str, Point] = {}
    for point in points:
        rule = point.options.rule
        if rule not in found or point.types_only > found[rule].types_only:
            found[rule] = point
    return found
