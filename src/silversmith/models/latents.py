"""From texts to activations: one forward pass for any number of autoencoders, only for the pieces needed.

States are encoded in stacks of some thousand pieces as documents are done, and dropped: beside the results,
memory does not grow with the number of texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from silversmith.models.encode import Encoded, LanguageModel, stream
from silversmith.models.sae_kernels import Csr

__all__ = ["BATCH", "Choose", "Encoder", "read_latents"]

BATCH = 4096
"""Pieces of a stack."""


class Encoder(Protocol):
    """What is needed of a sparse autoencoder."""

    tap: int

    def encode(self, x: Any) -> Csr:
        """States [pieces, width] -> activations float32 CSR [pieces, latents]."""
        ...


Choose: TypeAlias = Callable[[int, Encoded], "NDArray[np.bool_] | None"]
"""Called with each text's position and states; says which pieces to encode (bool [pieces]; None: all)."""


@dataclass(slots=True)
class _Waiting:
    """A text whose rows wait to be encoded. rows: tap -> float32 [pieces needed, width]."""

    number: int
    needed: NDArray[np.bool_]
    rows: dict[int, NDArray[np.float32]]


def read_latents(
    model: LanguageModel,
    saes: Sequence[Encoder],
    texts: Sequence[str],
    *,
    choose: Choose | None = None,
    taps: Sequence[int] = (),
    batch: int = BATCH,
) -> Iterator[tuple[int, list[Csr]]]:
    """(position in `texts`, one CSR [pieces, latents] for each autoencoder), in the order they are done.

    choose: the pieces that are needed; the rows of the others stay empty. taps: of states that `choose` reads
    besides those of the autoencoders.
    """
    own = sorted({sae.tap for sae in saes})
    waiting: list[_Waiting] = []
    total = 0
    for number, encoded in stream(model, texts, sorted({*own, *taps})):
        needed = None if choose is None else choose(number, encoded)
        rows = {tap: encoded.states[tap] if needed is None else encoded.states[tap][needed] for tap in own}
        if needed is None:
            needed = np.ones(len(encoded.offsets), np.bool_)
        waiting.append(_Waiting(number, needed, rows))
        total += int(needed.sum())
        if total >= batch:
            yield from _encode(saes, waiting)
            waiting, total = [], 0
    yield from _encode(saes, waiting)


def _encode(saes: Sequence[Encoder], waiting: list[_Waiting]) -> Iterator[tuple[int, list[Csr]]]:
    """Encode the stacked rows; the rows of each text apart again."""
    if not waiting:
        return
    stacks = {tap: np.concatenate([one.rows[tap] for one in waiting]) for tap in waiting[0].rows}
    for one in waiting:
        one.rows.clear()
    found = [sae.encode(stacks[sae.tap]) for sae in saes]
    low = 0
    for one in waiting:
        high = low + int(one.needed.sum())
        yield one.number, [_spread(matrix, low, high, one.needed) for matrix in found]
        low = high


def _spread(matrix: Csr, low: int, high: int, needed: NDArray[np.bool_]) -> Csr:
    """Rows [low, high) of a stack as the needed rows of a text."""
    ends = matrix.indptr[low : high + 1]
    sizes = np.zeros(len(needed) + 1, np.int64)
    sizes[1:][needed] = np.diff(ends)
    inside = slice(ends[0], ends[-1])
    arrays = (matrix.data[inside], matrix.indices[inside], np.cumsum(sizes))
    return csr_array(arrays, shape=(len(needed), matrix.shape[1]))
