"""Pooling: activations [pieces, latents] -> span vectors [spans, roles x latents], sparse all the way.

Every role is one sparse product S @ A: S [spans, pieces] holds the weights with which a span reads the
pieces. Nothing of size spans x latents is ever dense.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

from silversmith.sources.features.cues import CUES, cue_matrix
from silversmith.sources.features.options import Options, Scale
from silversmith.sources.features.table import Csr, SpanTable

__all__ = [
    "drop_columns",
    "norm_weights",
    "pool",
    "rescale",
    "role_matrix",
    "top_k",
    "vector_width",
]


def _ranges(first: NDArray[np.int64], last: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Concatenated ranges [first, last): (indptr [spans + 1], rows)."""
    indptr = np.concatenate([[0], np.cumsum(last - first)])
    return indptr, np.arange(indptr[-1]) + np.repeat(first - indptr[:-1], np.diff(indptr))


def norm_weights(table: SpanTable, norms: NDArray[np.float32]) -> NDArray[np.float32]:
    """Equation 4: w_t = |a_t| / sum over the span, for every piece of every span, in order.

    norms: float32 [pieces]. A span whose pieces are all zero gets uniform weights.
    """
    indptr, rows = _ranges(table.first, table.last)
    counts = np.diff(indptr)
    values = norms[rows].astype(np.float64)
    total = np.add.reduceat(np.append(values, 0.0), indptr[:-1]) if len(counts) else np.zeros(0)
    total[counts == 0] = 0.0
    zero = np.repeat(total == 0, counts)
    weights = values / np.repeat(np.where(total > 0, total, 1.0), counts)
    return np.where(zero, 1.0 / np.repeat(np.maximum(counts, 1), counts), weights).astype(np.float32)


def role_matrix(table: SpanTable, role: str, pieces: int, weights: NDArray[np.float32] | None = None) -> Csr:
    """S of one role: float32 [spans, pieces]. `weights`: those of `norm_weights`, else the plain mean.

    A neighbour outside the document is an empty row.
    """
    count = len(table)
    if role == "span":
        indptr, rows = _ranges(table.first, table.last)
        sizes = np.diff(indptr)
        data = np.repeat(1.0 / np.maximum(sizes, 1), sizes) if weights is None else weights
        return csr_array((data.astype(np.float32), rows, indptr), shape=(count, pieces))
    row = {"first": table.first, "last": table.last - 1, "left": table.first - 1, "right": table.last}[role]
    there = (row >= table.low) & (row < table.high)
    indptr = np.concatenate([[0], np.cumsum(there)])
    return csr_array((np.ones(indptr[-1], np.float32), row[there], indptr), shape=(count, pieces))


def rescale(matrix: Csr, scale: Scale, gain: float = 1.0) -> Csr:
    """The matrix with its values mapped; values that become 0 or less are dropped."""
    value = matrix.data * np.float32(gain)
    if scale == "log":
        with np.errstate(divide="ignore"):
            value = np.log(value)
    elif scale == "log1p":
        value = np.log1p(value)
    elif scale == "sqrt":
        value = np.sqrt(value)
    elif scale == "binary":
        value = np.ones_like(value)
    result = csr_array((value.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)
    return _keep(result, result.data > 0)


def _keep(matrix: Csr, mask: NDArray[np.bool_]) -> Csr:
    """The entries of a mask."""
    if mask.all():
        return matrix
    kept = np.concatenate([[0], np.cumsum(mask)])
    return csr_array((matrix.data[mask], matrix.indices[mask], kept[matrix.indptr]), shape=matrix.shape)


def drop_columns(matrix: Csr, columns: NDArray[np.bool_]) -> Csr:
    """The matrix without the entries of the columns that are True in `columns` [columns]."""
    return _keep(matrix, ~columns[matrix.indices])


def top_k(matrix: Csr, k: int) -> Csr:
    """The k largest values of each row (ties: the lower column), columns in order."""
    sizes = np.diff(matrix.indptr)
    if not len(sizes) or sizes.max() <= k:
        return matrix
    row = np.repeat(np.arange(len(sizes)), sizes)
    order = np.lexsort((matrix.indices, -matrix.data, row))
    rank = np.arange(len(order)) - np.repeat(matrix.indptr[:-1], sizes)
    mask = np.zeros(len(order), np.bool_)
    mask[order[rank < k]] = True
    return _keep(matrix, mask)


def _max_pool(matrix: Csr, table: SpanTable) -> Csr:
    """The largest value of each latent over the pieces of each span."""
    indptr, rows = _ranges(table.first, table.last)
    entries = matrix[rows]
    span = np.repeat(np.repeat(np.arange(len(table)), np.diff(indptr)), np.diff(entries.indptr))
    order = np.lexsort((entries.indices, span))
    key = span[order] * np.int64(matrix.shape[1]) + entries.indices[order]
    begin = np.flatnonzero(np.diff(key, prepend=-1))
    data = np.maximum.reduceat(entries.data[order], begin) if len(begin) else entries.data[:0]
    cells = (span[order][begin], entries.indices[order][begin])
    return csr_array((data, cells), shape=(len(table), matrix.shape[1]))


def pool(matrix: Csr, table: SpanTable, options: Options, dense: NDArray[np.bool_] | None = None) -> Csr:
    """Span vectors: float32 CSR [spans, roles x latents (+ cues)], column = role number x latents + latent.

    matrix: activations [pieces, latents] (raw, above 0). dense: the latents of the density mask
    [latents]; they are dropped after the weights of equation 4 are taken and before the top k.
    """
    if options.pieces == "first":
        table = replace(table, last=np.minimum(table.first + 1, table.last))
    elif options.pieces == "last":
        table = replace(table, first=np.maximum(table.last - 1, table.first))
    scaled = rescale(matrix, options.token_scale, options.token_gain)
    parts = [_role(scaled, matrix, table, role, options) for role in options.roles]
    x = rescale(csr_array(hstack(parts, format="csr")), options.span_scale)
    if dense is not None and dense.any():
        x = drop_columns(x, np.tile(dense, len(options.roles)))
    x.sort_indices()
    x = x if options.k is None else top_k(x, options.k)
    return csr_array(hstack([x, cue_matrix(table.cues)], format="csr")) if options.cues else x


def vector_width(latents: int, options: Options) -> int:
    """Columns of the span vectors."""
    return len(options.roles) * latents + (CUES if options.cues else 0)


def _role(scaled: Csr, matrix: Csr, table: SpanTable, role: str, options: Options) -> Csr:
    """The block of one role [spans, latents]."""
    if role == "span" and options.pooling == "max":
        return _max_pool(scaled, table)
    weights = None
    if role == "span" and options.pooling == "norm":
        squares = csr_array((matrix.data**2, matrix.indices, matrix.indptr), shape=matrix.shape)
        weights = norm_weights(table, np.sqrt(np.asarray(squares.sum(axis=1), np.float32)))
    return role_matrix(table, role, matrix.shape[0], weights) @ scaled
