"""Intervals: how far a score would move with other documents (bootstrap) or other seeds (Student's t)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from silversmith.core import ConfigError
from silversmith.evaluation.counts import DocumentCounts
from silversmith.evaluation.scores import SUMMARIES, rates, summaries

__all__ = ["Interval", "bootstrap", "bootstrap_difference", "bootstrap_mean", "seed_interval"]

METRICS = ("precision", "recall", "f1")
CHUNK = 128  # resamples at a time: bounds memory at 128 x documents, whatever their number


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with the bounds that hold it at the stated level."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        """value, low, high."""
        return asdict(self)


def bootstrap(
    counts: DocumentCounts, *, resamples: int = 1000, level: float = 0.95, seed: int = 0
) -> dict[str, Interval]:
    """Percentile intervals from drawing documents with replacement.

    Keys: "micro.f1", "weighted.recall", "macro.precision", ..., and "type.NAME.f1". The same seed gives
    the same bounds on any machine. Raises ConfigError E005 for no document or a senseless option.
    """
    names, draws = _draws(counts.table, counts.types, resamples, level, seed)
    values = _metrics(counts.table.sum(0)[None])[0]
    return _percentiles(names, values, draws, level)


def bootstrap_difference(
    ours: DocumentCounts, theirs: DocumentCounts, *, resamples: int = 1000, level: float = 0.95, seed: int = 0
) -> dict[str, Interval]:
    """Paired intervals of ours minus theirs: both are scored on the same drawn documents.

    The two must count the same documents in the same order. A difference whose interval leaves out 0
    is significant at 1 - level. Raises ConfigError E005 as `bootstrap`, and for other numbers of documents.
    """
    if len(ours.table) != len(theirs.table):
        raise ConfigError("E005", f"{len(ours.table)} documents against {len(theirs.table)}")
    types = tuple(sorted({*ours.types, *theirs.types}))
    tables = [one.over(types).table for one in (ours, theirs)]
    names, left = _draws(tables[0], types, resamples, level, seed)
    _, right = _draws(tables[1], types, resamples, level, seed)
    values = [_metrics(table.sum(0)[None])[0] for table in tables]
    return _percentiles(names, values[0] - values[1], left - right, level)


def bootstrap_mean(
    values: Sequence[float] | NDArray[np.float64],
    groups: Sequence[int] | NDArray[np.intp] | None = None,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Interval of a mean (accuracy, say), drawing whole groups with replacement.

    groups: the document of each value; None: each value by itself. Raises ConfigError E005 as `bootstrap`.
    """
    x = np.asarray(values, np.float64)
    which = np.arange(len(x)) if groups is None else np.unique(groups, return_inverse=True)[1]
    if which.shape != x.shape:
        raise ConfigError("E005", f"{len(x)} values in {len(which)} groups")
    _check(len(x), resamples, level)
    sums = np.stack([np.bincount(which, x), np.bincount(which).astype(np.float64)], 1)
    drawn = np.concatenate([weights @ sums for weights in _weights(len(sums), resamples, seed)])
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], _tails(level))
    return Interval(float(x.mean()), float(low), float(high))


def seed_interval(values: Sequence[float], level: float = 0.95) -> Interval:
    """Mean of a score over seeds with Student's t interval; one seed: the bounds are the value.

    Raises ConfigError E005 for no value or a level outside (0, 1).
    """
    _check(len(values), 1, level)
    mean = math.fsum(values) / len(values)
    if len(values) == 1:
        return Interval(mean, mean, mean)
    from scipy.special import stdtrit

    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    reach = float(stdtrit(len(values) - 1, (1 + level) / 2)) * error
    return Interval(mean, mean - reach, mean + reach)


def _draws(
    table: NDArray[np.float64], types: tuple[str, ...], resamples: int, level: float, seed: int
) -> tuple[list[str], NDArray[np.float64]]:
    """Names of the metrics and their values [resamples, metrics]."""
    _check(len(table), resamples, level)
    flat = table.reshape(len(table), -1)
    parts = [
        _metrics((weights @ flat).reshape(len(weights), *table.shape[1:]))
        for weights in _weights(len(table), resamples, seed)
    ]
    groups = [*SUMMARIES, *(f"type.{name}" for name in types)]
    return [f"{group}.{metric}" for group in groups for metric in METRICS], np.concatenate(parts)


def _metrics(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """All metrics [n, metrics] of counts [n, types, 3], summaries first."""
    return np.concatenate([summaries(table), rates(table)], 1).reshape(len(table), -1)


def _weights(documents: int, resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """How often each document is drawn: chunks of float64 [<= CHUNK, documents]."""
    generator = np.random.default_rng(seed)
    for begin in range(0, resamples, CHUNK):
        size = min(CHUNK, resamples - begin)
        drawn = generator.integers(0, documents, (size, documents))
        drawn += np.arange(size)[:, None] * documents
        counted = np.bincount(drawn.ravel(), minlength=size * documents)
        yield counted.reshape(size, documents).astype(np.float64)


def _percentiles(
    names: list[str], values: NDArray[np.float64], draws: NDArray[np.float64], level: float
) -> dict[str, Interval]:
    """An interval a metric."""
    low, high = np.quantile(draws, _tails(level), axis=0)
    rows = zip(names, values.tolist(), low.tolist(), high.tolist(), strict=True)
    return {name: Interval(value, below, above) for name, value, below, above in rows}


def _tails(level: float) -> tuple[float, float]:
    """The two quantiles of a central interval."""
    return (1 - level) / 2, (1 + level) / 2


def _check(size: int, resamples: int, level: float) -> None:
    """Raise ConfigError E005 if there is nothing to draw from, or an option makes no sense."""
    if size < 1:
        raise ConfigError("E005", "an interval of nothing", remedy="give at least one document")
    if resamples < 1 or not 0 < level < 1:
        raise ConfigError("E005", f"{resamples} resamples at level {level}", remedy="e.g. 1000 at 0.95")
