"""What was cached of each latent on the mapping spans: values, thresholds, counts by class."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from silversmith.sources.features.table import Csr

__all__ = ["Cached"]


@dataclass(frozen=True)
class Cached:
    """The caches C_f of all latents: the entries of the (top-k) span vectors with their span's label.

    x: float32 CSR [spans, columns]; y: int32 [spans], classes from 0 (O the last); classes: how many.
    """

    x: Csr
    y: NDArray[np.int32]
    classes: int

    @cached_property
    def labels(self) -> NDArray[np.int32]:
        """The label of each entry, in the order of `x.data`."""
        return np.repeat(self.y, np.diff(self.x.indptr))

    @cached_property
    def support(self) -> NDArray[np.int64]:
        """Cached values of each column [columns]."""
        return np.bincount(self.x.indices, minlength=self.x.shape[1])

    @cached_property
    def _sorted(self) -> NDArray[np.float32]:
        """All values, by column and then size."""
        by_value = np.argsort(self.x.data, kind="stable")
        by_column = np.argsort(self.x.indices[by_value], kind="stable")
        return np.asarray(self.x.data[by_value[by_column]])

    def thresholds(self, q: float | None) -> NDArray[np.float64]:
        """Equation 6: tau_f, the q-th percentile of the cached values (linear interpolation) [columns].

        q None: 0 everywhere, so that every cached value counts. A column without values gets infinity.
        """
        count = self.support
        if q is None:
            return np.zeros(len(count))
        place = (np.maximum(count, 1) - 1) * (q / 100.0)
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, np.maximum(count, 1) - 1)
        begin = np.concatenate([[0], np.cumsum(count)[:-1]])
        values = np.append(self._sorted, np.float32(np.inf)).astype(np.float64)
        below, above = (
            values[np.minimum(begin + low, len(values) - 1)],
            values[np.minimum(begin + high, len(values) - 1)],
        )
        with np.errstate(invalid="ignore"):
            tau = below + (above - below) * (place - low)
        return np.where(count > 0, tau, np.inf)

    def hits(self, tau: NDArray[np.float64]) -> NDArray[np.float64]:
        """Counts of entries v > tau_f by class: float64 [columns, classes]. Strictly above, as printed."""
        above = self.x.data > tau[self.x.indices]
        cell = self.x.indices[above].astype(np.int64) * self.classes + self.labels[above]
        size = self.x.shape[1] * self.classes
        return np.bincount(cell, minlength=size).reshape(-1, self.classes).astype(np.float64)

    @cached_property
    def per_class(self) -> NDArray[np.float64]:
        """Spans of each class [classes]."""
        return np.bincount(self.y, minlength=self.classes).astype(np.float64)
