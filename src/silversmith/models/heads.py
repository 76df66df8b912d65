"""Two small heads on the trunk: parts of speech of words, and how likely a span is to be a mention.

Both start alike: the states of a word's pieces are averaged over the pieces and projected (`base`),
its letter shape is added, then relu. The part-of-speech head reads a word and its two neighbours. The
mention head scores every span of up to `width` words by one hidden layer over five roles (first word,
last word, mean, left and right neighbour) and the number of words; spans may nest and overlap.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from silversmith.core import ModelError, checksum
from silversmith.models.encode import Encoded
from silversmith.models.shapes import SHAPES, shape_codes

__all__ = ["UPOS", "Heads", "Mentions", "load_heads", "pool_words"]

UPOS = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM",
    "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X",
)  # fmt: skip
"""The Universal Dependencies tags, in the order of the head's outputs."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Mentions:
    """Spans of words and their probabilities.

    start, end (exclusive): int64 [spans], places of words. probability: float32 [spans].
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    probability: Floats


class Heads:
    """The heads' weights and their use. taps: what `Encoded.states` must hold."""

    def __init__(
        self, weights: Mapping[str, Floats], config: Mapping[str, Any], sha256: str | None = None
    ) -> None:
        self.weights, self.config, self.sha256 = weights, config, sha256
        self.taps: tuple[int, ...] = tuple(config["taps"])
        self.width: int = config["width"]
        self.split: int = weights["pos.shape"].shape[1]

    def identity(self) -> dict[str, Any]:
        """What must be equal for two heads to give the same candidates."""
        return {"name": "heads", "taps": list(self.taps), "sha256": self.sha256}

    def read(self, text: str, words: Sequence[tuple[int, int]], encoded: Encoded) -> tuple[Floats, Floats]:
        """Word vectors of the part-of-speech head [words, h] and of the mention head [words, k]."""
        raw = np.concatenate([encoded.states[tap] for tap in self.taps], axis=1) @ self.weights["base"]
        shapes = shape_codes(text, words)
        pooled = pool_words(raw, encoded.offsets, words)
        tags = pooled[:, : self.split] + self.weights["pos.shape"][shapes]
        mentions = pooled[:, self.split :] + self.weights["mention.shape"][shapes]
        return np.maximum(tags, 0), np.maximum(mentions, 0)

    def tag_scores(self, vectors: Floats) -> Floats:
        """Log-odds of the tags, float32 [words, 17], from the first result of `read`."""
        padded = np.pad(vectors, ((1, 1), (0, 0)))
        around = np.concatenate([padded[:-2], padded[1:-1], padded[2:]], axis=1)
        return around @ self.weights["pos.out"] + self.weights["pos.bias"]

    def tags(self, vectors: Floats) -> NDArray[np.int64]:
        """The best tag of each word, as places in UPOS, int64 [words]."""
        best: NDArray[np.int64] = self.tag_scores(vectors).argmax(axis=1)
        return best

    def mentions(self, vectors: Floats, threshold: float = 0.0) -> Mentions:
        """Spans of at most `width` words whose probability reaches the threshold, shortest first."""
        found: list[tuple[NDArray[np.int64], int, Floats]] = []
        logit = -np.inf if threshold <= 0 else float(np.log(threshold) - np.log1p(-min(threshold, 1 - 1e-9)))
        for size, scores in enumerate(self.span_scores(vectors), start=1):
            (kept,) = np.nonzero(scores >= logit)
            found.append((kept, size, scores[kept]))
        start = np.concatenate([kept for kept, _, _ in found]) if found else np.empty(0, np.int64)
        end = np.concatenate([kept + size for kept, size, _ in found]) if found else start
        scores = np.concatenate([one for _, _, one in found]) if found else np.empty(0, np.float32)
        return Mentions(start, end, _sigmoid(scores))

    def span_scores(self, vectors: Floats) -> list[Floats]:
        """Log-odds of the spans of 1, 2, ... words: item n - 1 holds [words - n + 1] of them."""
        n, w = len(vectors), self.weights
        padded = np.pad(vectors, ((1, 1), (0, 0)))
        roles = padded @ w["mention.roles"]  # [words + 2, 5 k]: first, last, mean, left, right
        first, last, mean, left, right = np.split(roles, 5, axis=1)
        begin = first[1:-1] + left[:-2]
        finish = last[1:-1] + right[2:]
        total = np.concatenate([np.zeros_like(mean[:1]), np.cumsum(mean[1:-1], axis=0, dtype=np.float64)])
        scores = []
        for size in range(1, min(self.width, n) + 1):
            inside = ((total[size:] - total[:-size]) / size).astype(np.float32)
            hidden = begin[: n - size + 1] + finish[size - 1 :] + inside + w["mention.size"][size - 1]
            scores.append(np.maximum(hidden, 0) @ w["mention.out"] + w["mention.bias"])
        return scores


def pool_words(rows: Floats, offsets: NDArray[np.int32], words: Sequence[tuple[int, int]]) -> Floats:
    """Mean over each word's pieces: [words, h] from [pieces, h]; a word without one takes the next piece."""
    if not len(words):
        return np.zeros((0, rows.shape[1]), np.float32)
    if not len(rows):
        return np.zeros((len(words), rows.shape[1]), np.float32)
    places = np.asarray(words, np.int64)
    begin = np.searchsorted(offsets[:, 1], places[:, 0], side="right")
    end = np.searchsorted(offsets[:, 0], places[:, 1], side="left")
    begin = np.minimum(begin, len(rows) - 1)
    end = np.maximum(end, begin + 1)
    pooled: Floats = rows[begin].copy()
    for step in range(1, int((end - begin).max())):
        (more,) = np.nonzero(end - begin > step)
        if step == 32:  # a monstrous word: the rest of its pieces is left out
            break
        pooled[more] += rows[begin[more] + step]
    return pooled / np.minimum(end - begin, 32)[:, None].astype(np.float32)  # type: ignore[no-any-return]


def _sigmoid(x: Floats) -> Floats:
    """Logistic function without overflow."""
    squashed: Floats = (0.5 * (1 + np.tanh(0.5 * x))).astype(np.float32)
    return squashed


def load_heads(path: Path) -> Heads:
    """The heads from their safetensors file (16-bit weights widened to float32).

    Raises ModelError T010 if the file holds no such heads.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            config = json.loads((file.metadata() or {})["config"])
            weights = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
        bases = [weights.pop("pos.base"), weights.pop("mention.base")]
        weights["base"] = np.ascontiguousarray(np.concatenate(bases, axis=1))
        heads = Heads(weights, config, checksum(path))
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise ModelError("T010", f"no part-of-speech and mention heads: {error}", path=path) from error
    if len(weights["pos.shape"]) != SHAPES or weights["pos.out"].shape[1] != len(UPOS):
        raise ModelError("T010", "heads of another version", path=path, remedy="reinstall silversmith")
    return heads
