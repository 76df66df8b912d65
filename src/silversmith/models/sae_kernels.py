"""The encoder's kernels: a product in tiles that stay in the processor's cache, and only its survivors kept.

A tile is some pieces x some latents. Of each tile a mask names the few products that can matter (above the
latent's floor, or above the piece's k-th best so far); only these are gathered and finished. The dense matrix
pieces x latents never exists; what is allocated beside the result stays under 32 MB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor

if TYPE_CHECKING:
    from silversmith.models.sae import Activation

__all__ = ["Csr", "encode_states"]

Csr: TypeAlias = "csr_array[Any, tuple[int, int]]"
"""A sparse matrix in row order."""

CPU_TILE, CUDA_TILE = (512, 1024), (4096, 16384)
"""Pieces x latents of a tile: on a processor 2 MB, so that the mask is taken while it is in the cache."""
SLAB_BYTES = 16 << 20
"""States that share one pass over the weights; also the most that widened weights may take."""
SLACK = 1e-6
"""Relative: floors are this much lower than needed, since the survivors are tested exactly afterwards."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Entries of one tile: rows int64 (of the slab's tile), columns int64, values float32, in row order."""

    rows: Tensor
    columns: Tensor
    values: Tensor


class _Tiles:
    """x @ W by tiles: latents outside (each widened or fetched once), pieces inside; buffers are reused."""

    def __init__(self, weight: Tensor, x: Tensor, chunk: int | None, unit: int = 1) -> None:
        self.weight, self.x = weight, x
        rows, columns = CUDA_TILE if weight.is_cuda else CPU_TILE
        area = rows * columns
        if chunk is None:  # few pieces: more latents at once
            chunk = min(max(columns, area // max(len(x), 1)), 8 * columns)
        if weight.dtype != torch.float32:
            chunk = min(chunk, max(1, SLAB_BYTES // (4 * weight.shape[0])))
        self.width = min(max(unit, chunk // unit * unit), weight.shape[1])
        self.rows = max(1, min(rows, len(x), area // self.width))
        self.z = torch.empty(self.rows * self.width, device=weight.device)
        self.mask = torch.empty(self.rows * self.width, dtype=torch.bool, device=weight.device)
        self.wide = torch.empty(0)
        if weight.dtype != torch.float32:
            self.wide = torch.empty(weight.shape[0], self.width, device=weight.device)

    @property
    def count(self) -> int:
        """Tiles of pieces."""
        return -(-len(self.x) // self.rows)

    def __iter__(self) -> Iterator[tuple[int, int, Tensor]]:
        """(number of the tile of pieces, its first latent, raw products [pieces, latents])."""
        for start in range(0, self.weight.shape[1], self.width):
            columns = self.weight[:, start : start + self.width]
            if columns.dtype != torch.float32:
                columns = self.wide[:, : columns.shape[1]].copy_(columns)
            for tile in range(self.count):
                x = self.x[tile * self.rows : (tile + 1) * self.rows]
                z = self.z[: len(x) * columns.shape[1]].view(len(x), columns.shape[1])
                yield tile, start, torch.mm(x, columns, out=z)

    def above(self, z: Tensor, floor: Tensor, start: int) -> _Part:
        """The entries of z above a floor (one a latent, or one a piece), as latents `start` and following."""
        mask = torch.gt(z, floor, out=self.mask[: z.numel()].view(z.shape)).view(-1)
        # numpy's search is several times faster than torch's
        flat = mask.nonzero().view(-1) if mask.is_cuda else torch.from_numpy(np.flatnonzero(mask.numpy()))
        rows = torch.div(flat, z.shape[1], rounding_mode="floor")
        return _Part(rows, flat - rows * z.shape[1] + start, z.view(-1)[flat])


def encode_states(
    weight: Tensor,
    bias: Tensor,
    activation: Activation,
    norm: Callable[[Tensor], Tensor],
    x: Tensor,
    chunk: int | None = None,
) -> Csr:
    """act(norm(x) @ W + b) as float32 CSR [pieces, latents] with sorted columns; x: [pieces, d_in]."""
    kernel = {"topk": _topk, "groupmax": _groupmax}.get(activation.kind, _threshold)
    size = max(1, SLAB_BYTES // (4 * weight.shape[0]))
    counts, columns, values = [np.zeros(1, np.int64)], [np.zeros(0, np.int32)], [np.zeros(0, np.float32)]
    for low in range(0, len(x), size):
        states = norm(x[low : low + size].to(weight.device, torch.float32)).contiguous()
        for part, rows in kernel(weight, bias, activation, states, chunk):
            counts.append(torch.bincount(part.rows, minlength=rows).cpu().numpy())
            columns.append(part.columns.to(torch.int32).cpu().numpy())
            values.append(part.values.cpu().numpy())
    indptr = np.cumsum(np.concatenate(counts))
    data = (np.concatenate(values), np.concatenate(columns), indptr)
    return csr_array(data, shape=(len(x), weight.shape[1]))


def _join(parts: list[_Part]) -> _Part:
    """Several chunks' entries of the same pieces, in row order; columns ascend if the chunks do."""
    rows, columns, values = (
        torch.cat([getattr(part, name) for part in parts]) for name in ("rows", "columns", "values")
    )
    order = torch.argsort(rows.to(torch.int16), stable=True)
    return _Part(rows[order], columns[order], values[order])


def _threshold(
    weight: Tensor, bias: Tensor, act: Activation, x: Tensor, chunk: int | None
) -> Iterator[tuple[_Part, int]]:
    """ReLU, JumpReLU and gated: each latent by itself."""
    tiles = _Tiles(weight, x, chunk)
    floor, finish = _rule(bias, act)
    parts: list[list[_Part]] = [[] for _ in range(tiles.count)]
    for tile, start, z in tiles:
        parts[tile].append(tiles.above(z, floor[start : start + z.shape[1]], start))
    for tile, found in enumerate(parts):
        part = _join(found)
        found.clear()
        values = finish(part.values, part.columns)
        keep = values > 0
        rows = min(tiles.rows, len(x) - tile * tiles.rows)
        yield _Part(part.rows[keep], part.columns[keep], values[keep]), rows


def _rule(bias: Tensor, act: Activation) -> tuple[Tensor, Callable[[Tensor, Tensor], Tensor]]:
    """The floor of each latent's raw product [latents], and what makes activations of those above it."""
    if act.kind == "gated":
        parts = (act.gate_bias, act.r_mag, act.mag_bias)
        gate, scale, shift = (torch.as_tensor(part, device=bias.device) for part in parts)

        def gated(raw: Tensor, at: Tensor) -> Tensor:
            z = raw + bias[at]
            return (z + gate[at] > 0) * torch.relu(z * scale[at].exp() + shift[at])

        return -gate - bias - SLACK * (gate.abs() + bias.abs()), gated
    theta = torch.zeros_like(bias)
    if act.kind == "jumprelu":
        theta = torch.as_tensor(act.threshold, dtype=torch.float32, device=bias.device).expand(len(bias))
    least = theta.clamp(min=0)

    def jump(raw: Tensor, at: Tensor) -> Tensor:
        z = raw + bias[at]
        return z * (z > least[at])

    return least - bias - SLACK * (least + bias.abs()), jump


class _Best:
    """The k best latents of the pieces of one tile so far, and the entries that wait to compete."""

    def __init__(self, rows: int, k: int, device: torch.device) -> None:
        self.values = torch.zeros(rows, k, device=device)  # 0: no latent; only values above 0 count
        self.columns = torch.zeros(rows, k, dtype=torch.long, device=device)
        self.least = torch.zeros(rows, 1, device=device)
        self.waiting: list[_Part] = []
        self.count = 0

    def add(self, part: _Part) -> None:
        """Let entries wait; merge when they are as many as the best."""
        self.waiting.append(part)
        self.count += part.rows.numel()
        if self.count >= self.values.numel():
            self.merge()

    def merge(self) -> None:
        """The k best of the best and those that wait; ties go to the lower latent, as columns ascend."""
        if not self.waiting:
            return
        part, k = _join(self.waiting), self.values.shape[1]
        self.waiting.clear()
        self.count = 0
        counts = torch.bincount(part.rows, minlength=len(self.values))
        slots = torch.arange(len(part.rows), device=part.rows.device) - (counts.cumsum(0) - counts)[part.rows]
        width = k + (int(counts.max()) if len(part.rows) else 0)
        values = self.values.new_zeros(len(self.values), width)
        columns = self.columns.new_zeros(len(self.values), width)
        values[:, :k], columns[:, :k] = self.values, self.columns
        values[part.rows, k + slots], columns[part.rows, k + slots] = part.values, part.columns
        best, order = values.topk(k, dim=1, sorted=False)
        least = best.amin(dim=1, keepdim=True)
        tied = ((values >= least).sum(dim=1) > k) & (least[:, 0] > 0)
        if tied.any():  # topk takes any of several equal values
            by_column = columns[tied].argsort(dim=1, stable=True)
            by_value = values[tied].gather(1, by_column).argsort(dim=1, descending=True, stable=True)
            order[tied] = by_column.gather(1, by_value)[:, :k]
        self.values, self.columns, self.least = values.gather(1, order), columns.gather(1, order), least

    def part(self) -> _Part:
        """The entries above 0, columns ascending."""
        self.merge()
        columns, order = self.columns.sort(dim=1)
        values = self.values.gather(1, order)
        rows, slots = (values > 0).nonzero(as_tuple=True)
        return _Part(rows, columns[rows, slots], values[rows, slots])


def _topk(
    weight: Tensor, bias: Tensor, act: Activation, x: Tensor, chunk: int | None
) -> Iterator[tuple[_Part, int]]:
    """Per piece the k largest positive values: a latent competes only if it beats the k-th best so far."""
    tiles = _Tiles(weight, x, chunk)
    k = min(act.k, weight.shape[1])
    sizes = [len(x[tile * tiles.rows : (tile + 1) * tiles.rows]) for tile in range(tiles.count)]
    best = [_Best(size, k, x.device) for size in sizes]
    for tile, start, z in tiles:
        z += bias[start : start + z.shape[1]]
        best[tile].add(tiles.above(z, best[tile].least, start))
    for one, size in zip(best, sizes, strict=True):
        yield one.part(), size


def _groupmax(
    weight: Tensor, bias: Tensor, act: Activation, x: Tensor, chunk: int | None
) -> Iterator[tuple[_Part, int]]:
    """One latent of each of k equal groups: the largest (the first of equals), if positive."""
    size = weight.shape[1] // act.k
    tiles = _Tiles(weight, x, chunk, unit=size)
    parts: list[list[_Part]] = [[] for _ in range(tiles.count)]
    for tile, start, z in tiles:
        z += bias[start : start + z.shape[1]]
        values, inner = z.view(len(z), -1, size).max(dim=2)
        rows, group = (values > 0).nonzero(as_tuple=True)
        parts[tile].append(_Part(rows, group * size + inner[rows, group] + start, values[rows, group]))
    for tile, found in enumerate(parts):
        yield _join(found), min(tiles.rows, len(x) - tile * tiles.rows)
