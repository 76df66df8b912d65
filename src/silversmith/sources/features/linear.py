"""Linear: additive evidence, score = bias + sum over latents; every rule of this source ends in one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from silversmith.sources.features.table import Csr

__all__ = ["Linear"]


@dataclass(frozen=True, slots=True)
class Linear:
    """S = bias + terms(x) @ weights, exactly.

    columns: int64 [mapped], the columns of x that carry evidence, ascending. weights: float64
    [mapped, classes]. bias: float64 [classes]. gate: what an entry v of x counts: "value" v, "one" 1 if
    v > tau, "ratio" min(1, v / tau). tau: float64 [mapped] (gate "value": unused). rho: the terms of a
    span are divided by (its active latents) ** rho. width: columns of x.
    """

    columns: NDArray[np.int64]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    tau: NDArray[np.float64]
    width: int
    gate: Literal["value", "one", "ratio"] = "value"
    rho: float = 0.0

    @classmethod
    def of(
        cls,
        weights: NDArray[np.float64],
        bias: NDArray[np.float64],
        tau: NDArray[np.float64] | None = None,
        gate: Literal["value", "one", "ratio"] = "value",
        rho: float = 0.0,
    ) -> Linear:
        """From weights of all columns [columns, classes]; columns with only zeros are no evidence."""
        columns = np.flatnonzero(np.any(weights != 0, axis=1))
        tau = np.zeros(len(weights)) if tau is None else tau
        return cls(columns, weights[columns], bias, tau[columns], len(weights), gate, rho)

    def terms(self, x: Csr) -> Csr:
        """The factors of the weights: float64 CSR [spans, mapped]."""
        place = np.full(self.width, -1, np.int64)
        place[self.columns] = np.arange(len(self.columns))
        column, value = place[x.indices], x.data.astype(np.float64)
        keep = column >= 0
        if self.gate == "one":
            keep &= value > self.tau[column]
            value = np.ones_like(value)
        elif self.gate == "ratio":
            with np.errstate(divide="ignore"):
                value = np.minimum(1.0, value / self.tau[column])
        total = np.concatenate([[0], np.cumsum(keep)])
        indptr = total[x.indptr]
        value = value[keep]
        if self.rho:
            active = np.diff(indptr)
            value = value * np.repeat(np.maximum(active, 1) ** -self.rho, active)
        return csr_array((value, column[keep], indptr), shape=(x.shape[0], len(self.columns)))

    def scores(self, x: Csr) -> NDArray[np.float64]:
        """Scores [spans, classes] of span vectors x."""
        return np.asarray(self.terms(x) @ self.weights) + self.bias

    def evident(self, x: Csr) -> NDArray[np.bool_]:
        """Whether any mapped latent is active [spans]; without one there is no evidence."""
        return np.asarray(np.diff(self.terms(x).indptr) > 0)

    def quantised(self) -> Linear:
        """The same with weights and bias rounded to 16 bits."""
        return replace(self, weights=self.weights.astype(np.float16).astype(np.float64))

    def strongest(self) -> NDArray[np.int64]:
        """The class of each mapped column's largest weight [mapped]: y* of equation 8."""
        return np.asarray(self.weights.argmax(axis=1))
