"""Sparse products on torch's kernels: rows of entries times dense matrices, without a dense middle."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

__all__ = ["Entries"]

BETA = "Sparse CSR tensor support"


@dataclass(frozen=True, slots=True)
class Entries:
    """Active entries of [rows, width] in row order. indptr: int64 [rows + 1]; columns: int64 [entries]."""

    indptr: Tensor
    columns: Tensor
    width: int

    @classmethod
    def even(cls, columns: Tensor, width: int) -> Entries:
        """The same number of entries in every row: columns [rows, each]."""
        rows, each = columns.shape
        return cls(torch.arange(rows + 1) * each, columns.reshape(-1), width)

    @property
    def rows(self) -> int:
        """Rows."""
        return len(self.indptr) - 1

    def times(self, values: Tensor, right: Tensor) -> Tensor:
        """A @ right: [rows, d] from values [entries] and right [width, d]."""
        product: Tensor = self._matrix(self.indptr, self.columns, values, (self.rows, self.width)) @ right
        return product

    def sums(self, values: Tensor) -> Tensor:
        """Sums of each column [width]."""
        return torch.bincount(self.columns, weights=values, minlength=self.width).float()

    def transposed_times(self, values: Tensor, right: Tensor) -> Tensor:
        """A.T @ right: [width, d] from right [rows, d]."""
        arrays = (values.numpy(), self.columns.numpy(), self.indptr.numpy())
        turned = sparse.csr_array(sparse.csr_array(arrays, (self.rows, self.width)).T)
        indptr, columns = (torch.from_numpy(one.astype(np.int64)) for one in (turned.indptr, turned.indices))
        size = (self.width, self.rows)
        product: Tensor = self._matrix(indptr, columns, torch.from_numpy(turned.data), size) @ right
        return product

    def sampled(self, left: Tensor, right: Tensor) -> Tensor:
        """(left @ right.T) at the entries [entries]; left [rows, d], right [width, d]."""
        empty = torch.zeros(len(self.columns))
        matrix = self._matrix(self.indptr, self.columns, empty, (self.rows, self.width))
        found: Tensor = torch.sparse.sampled_addmm(matrix, left, right.T, beta=0.0).values()
        return found

    @staticmethod
    def _matrix(indptr: Tensor, columns: Tensor, values: Tensor, size: tuple[int, int]) -> Tensor:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=BETA)
            return torch.sparse_csr_tensor(indptr, columns, values, size=size, check_invariants=False)
