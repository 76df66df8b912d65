"""Cues: what the letters of a span show and an uncased trunk can't, as columns beside the latents."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from silversmith.core import Document
from silversmith.models.shapes import SHAPES, shape_codes
from silversmith.sources.features.table import Csr
from silversmith.text.words import split_words

__all__ = ["CUES", "cue_matrix", "cue_name", "span_cues"]

PLACES = ("first word", "last word", "word before", "word after")
LENGTHS = (1, 2, 3, 4, 5, 7, 10)
"""Least number of words of each length cue."""
MENTION = 14
"""Steps of the mention cue: log-odds from -6.5 to 6.5, one unit each."""
GROUPS = {**dict.fromkeys(PLACES, SHAPES + 1), "words": len(LENGTHS), "mention": MENTION}
BEGIN = dict(zip(GROUPS, np.cumsum([0, *GROUPS.values()]).tolist(), strict=False))
CUES = sum(GROUPS.values())
"""Columns of the cues; each span has one of every group (none of "mention" without a mention head)."""


def span_cues(
    document: Document, spans: NDArray[np.int32], mention: NDArray[np.float32]
) -> NDArray[np.int16]:
    """Cue columns of the spans of a document: int16 [spans, groups], -1 for none.

    spans: int32 [spans, 2] characters. mention: float32 [spans], probability of being a mention or NaN.
    """
    if not len(spans):
        return np.empty((0, len(GROUPS)), np.int16)
    words = split_words(document.text)
    codes = np.append(shape_codes(document.text, words), SHAPES)  # the last one: no word there
    edges = np.array(words, np.int64).reshape(-1, 2)
    first = np.searchsorted(edges[:, 1], spans[:, 0], side="right")
    last = np.searchsorted(edges[:, 0], spans[:, 1], side="left") - 1
    there = [first, last, first - 1, last + 1]
    places = [np.where((at >= 0) & (at < len(words)), at, len(words)) for at in there]
    columns = [BEGIN[name] + codes[at] for name, at in zip(PLACES, places, strict=True)]
    size = np.searchsorted(LENGTHS, np.maximum(last - first + 1, 1), side="right") - 1
    columns.append(BEGIN["words"] + size)
    p = np.clip(mention.astype(np.float64), 1e-4, 1 - 1e-4)
    step = np.clip(np.log(p / (1 - p)) + MENTION / 2, 0, MENTION - 1)
    known = np.isfinite(step)
    columns.append(np.where(known, BEGIN["mention"] + np.where(known, step, 0).astype(np.int64), -1))
    return np.stack(columns, axis=1).astype(np.int16)


def cue_matrix(cues: NDArray[np.int16]) -> Csr:
    """Ones in the cue columns: float32 CSR [spans, CUES]."""
    there = cues >= 0
    indptr = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    columns = cues[there].astype(np.int64)
    return csr_array((np.ones(len(columns), np.float32), columns, indptr), shape=(len(cues), CUES))


def cue_name(column: int) -> str:
    """What a cue column says, e.g. "first word: shape 1", "mention: log-odds about 2"."""
    group = next(name for name in reversed(BEGIN) if BEGIN[name] <= column)
    number = column - BEGIN[group]
    if group == "words":
        return f"length: {LENGTHS[number]} or more words"
    if group == "mention":
        return f"mention head: log-odds about {number - MENTION // 2 + 0.5:g}"
    return f"{group}: {_SHAPE_NAMES[number % 16] if number < SHAPES else 'none'}" + (
        ", starts a sentence" if 16 <= number < SHAPES else ""
    )


_SHAPE_NAMES = (
    "lower case", "capitalised", "initial", "upper case", "mixed case", "digits", "decimal",
    "letters and digits", "full stop", "comma", "quote", "opening bracket", "closing bracket", "hyphen",
    "other sign", "no case",
)  # fmt: skip
