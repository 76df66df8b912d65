"""Buffer: normalised states in memory, mixed, as batches; it knows its place to the row."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from silversmith.core.errors import ModelError
from silversmith.models.sae_training.normalise import Normaliser
from silversmith.models.sae_training.settings import Settings
from silversmith.models.sae_training.states import States

__all__ = ["Buffer", "Position"]


@dataclass(frozen=True)
class Position:
    """Where a training stands in its stream.

    cursor, skip: the chunk and its row with which the present filling began. round: fillings before it;
    used: batches taken from it. seen, outliers: pieces read, and those of huge norm, before it; read, far:
    the same with it.
    """

    cursor: int
    skip: int = 0
    round: int = 0
    used: int = 0
    seen: int = 0
    outliers: int = 0
    read: int = 0
    far: int = 0

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))


class Buffer:
    """Fills with normalised states, gives them in random batches, fills again.

    spare: a file that keeps the filling, so that a training that goes on needn't read it anew. show: called
    with pieces filled and wanted. seconds: spent filling.
    """

    def __init__(
        self,
        states: States,
        normaliser: Normaliser,
        settings: Settings,
        position: Position,
        spare: Path | None = None,
        show: Callable[[int, int], None] = lambda filled, wanted: None,
    ) -> None:
        self.states, self.normaliser, self.settings = states, normaliser, settings
        self.position, self.spare, self.show = position, spare, show
        # 16 bits hold what is scaled and has no outliers
        narrow = settings.norm != "none" and settings.outliers != "keep"
        self.dtype = torch.float16 if narrow else torch.float32
        size = settings.buffer_mb * 1e6 / (states.width * self.dtype.itemsize)
        self.whole = settings.tokens // settings.batch
        self.batches = max(1, min(int(size) // settings.batch, self.whole))
        self._rows = torch.empty(self.batches * settings.batch, states.width, dtype=self.dtype)
        self._rest: _Chunk | None = None
        self.seconds, self.filled = 0.0, 0

    def __iter__(self) -> Iterator[Tensor]:
        """Batches float32 [batch, d_in], for ever; `position` is always that after the last one given."""
        batch = self.settings.batch
        while True:
            left = self.whole - self.position.round * self.batches
            batches = min(self.batches, max(1, left))
            rows = self._rows[: batches * batch]
            following = self._fill(rows)
            self.position = replace(self.position, read=following.seen, far=following.outliers)
            for number in range(self.position.used, self.settings.passes * batches):
                turn, place = divmod(number, batches)
                dice = np.random.default_rng((self.settings.seed, self.position.round, turn))
                order = torch.from_numpy(dice.permutation(len(rows)))
                self.position = replace(self.position, used=number + 1)
                yield rows[order[place * batch : (place + 1) * batch]].float()
            self.position = following

    def _fill(self, rows: Tensor) -> Position:
        """Fill the rows; the position after them. Raises ModelError S052 for states that aren't finite."""
        start, done = self.position, 0
        kept = self._load(rows)
        if kept is not None:
            return kept
        begin, seen, outliers, skip = time.perf_counter(), start.seen, start.outliers, start.skip
        following = start
        for chunk in self._chunks(start.cursor):
            if skip == 0:  # a chunk that was begun before was counted then
                seen, outliers = seen + chunk.given, outliers + chunk.outliers
            count = min(len(chunk.rows) - skip, len(rows) - done)
            rows[done : done + count] = chunk.rows[skip : skip + count]
            done, skip = done + count, skip + count
            self.show(done, len(rows))
            if done == len(rows):
                whole = skip == len(chunk.rows)
                self._rest = None if whole else chunk
                cursor, skip = (chunk.following, 0) if whole else (chunk.cursor, skip)
                following = Position(cursor, skip, start.round + 1, 0, seen, outliers)
                break
            skip = 0
        if not bool(torch.isfinite(rows).all()):
            raise ModelError(
                "S052", "the model's states hold NaN or infinite values", remedy="try --dtype fp32"
            )
        self.seconds, self.filled = self.seconds + time.perf_counter() - begin, self.filled + len(rows)
        self._keep(rows, following)
        return following

    def _chunks(self, cursor: int) -> Iterator[_Chunk]:
        """Normalised chunks from a cursor on; what the last filling left of one is not read again."""
        if self._rest is not None and self._rest.cursor == cursor:
            yield self._rest
            cursor = self._rest.following
        for number, following, states in self.states.chunks(cursor):
            rows, far = self.normaliser(states)
            yield _Chunk(number, following, rows.to(self.dtype), len(states), far)

    def _keep(self, rows: Tensor, following: Position) -> None:
        if self.spare is not None:
            aside = self.spare.with_suffix(".part")
            meta = {"start": self._name(), "following": following.to_json()}
            save_file({"rows": rows.contiguous()}, aside, meta)
            aside.replace(self.spare)

    def _load(self, rows: Tensor) -> Position | None:
        """The filling from the spare file, if it is this one."""
        if self.spare is None or not self.spare.is_file() or not self.position.used:
            return None
        with safe_open(self.spare, framework="pt") as file:
            meta = file.metadata()
            if meta["start"] != self._name():
                return None
            rows.copy_(file.get_tensor("rows"))
        return Position(**json.loads(meta["following"]))

    def _name(self) -> str:
        return json.dumps([self.position.cursor, self.position.skip, self.position.round])


@dataclass(frozen=True, slots=True)
class _Chunk:
    """One chunk's normalised rows. given: pieces before outliers were left out."""

    cursor: int
    following: int
    rows: Tensor
    given: int
    outliers: int
