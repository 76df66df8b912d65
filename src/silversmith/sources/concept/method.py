"""Typing by name (METHODS 4.5): how well each type's name fits a span, against any span of any text.

Of a type with wordings w (its name, its concepts), the vector is c = sum_w c_w / |sum_w c_w|. For a span s:

    x = s . c                      likeness
    z = (x - m . c) / sqrt(c' S c)  the same in deviations of the background (m, S): hubs lose their lead
    l = a z + g q + h              q: log-odds that the span is a mention at all
    p(type) = exp l / (1 + sum over types exp l)         the 1 is "no entity"

a, g, h come from calibration. All terms are sums over wordings, so the evidence adds up.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from silversmith.core import OUTSIDE, ConfigError, EntityType, Evidence, Leaf, Schema
from silversmith.models.concepts import ConceptEncoder
from silversmith.models.concepts.calibration import Calibration

__all__ = ["Names", "evidence", "log_probabilities", "scores", "wordings"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Names:
    """Types as vectors. words: wordings of each type; vectors: float64 [types, size], length one; shares: of
    each wording, float64 [wordings, size], that sum to its vector. mean, deviation: of the background.
    raw: float32 [all wordings, size], as the encoder gives them."""

    types: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    vectors: Floats
    shares: tuple[Floats, ...]
    mean: Floats
    deviation: Floats
    raw: NDArray[np.float32]

    @classmethod
    def of(cls, schema: Schema, encoder: ConceptEncoder, given: NDArray[np.float32] | None = None) -> Names:
        """Encode the names of a schema. given: vectors of all wordings, kept from an earlier time.

        Raises ConfigError O003: no type.
        """
        if not schema.types:
            raise ConfigError("O003", "no type to look for", remedy='name some: --types "dish, cooking tool"')
        words = tuple(wordings(one) for one in schema.types)
        flat = [word for one in words for word in one]
        raw = encoder.names(flat) if given is None else given
        vectors = raw.astype(np.float64)
        edges = np.cumsum([0, *map(len, words)])
        shares, sums = [], []
        for low, high in pairwise(edges.tolist()):
            part = vectors[low:high]
            length = max(1e-9, float(np.linalg.norm(part.sum(axis=0))))
            shares.append(part / length)
            sums.append(part.sum(axis=0) / length)
        joined = np.stack(sums)
        mean, deviation = encoder.background.of_names(joined.astype(np.float32))
        return cls(schema.names, words, joined, tuple(shares), mean, deviation, raw)


def wordings(kind: EntityType) -> tuple[str, ...]:
    """What names a type: its concepts, or its name written out (WorkOfArt: "work of art")."""
    if kind.concepts:
        return tuple(dict.fromkeys(kind.concepts))
    spaced = "".join(
        f" {char}" if char.isupper() and before.islower() else char
        for before, char in zip(" " + kind.name, kind.name, strict=False)
    )
    return (" ".join(spaced.replace("_", " ").replace("-", " ").split()).lower(),)


def scores(
    spans: NDArray[np.float32], q: Floats, names: Names, calibration: Calibration, shift: float = 0.0
) -> Floats:
    """l, float64 [spans, types]. shift: added to every type, to move the threshold of "no entity"."""
    x = spans.astype(np.float64) @ names.vectors.T
    z = (x - names.mean) / names.deviation
    c = calibration
    found: Floats = c.deviation * z + (c.mention * q + c.constant + shift)[:, None]
    return found


def log_probabilities(l: Floats) -> tuple[Floats, Floats]:  # noqa: E741 - the equation's letter
    """(log p [spans, types], log p of "no entity" [spans])."""
    top = np.maximum(l.max(axis=1), 0.0)
    total = np.log(np.exp(-top) + np.exp(l - top[:, None]).sum(axis=1)) + top
    return l - total[:, None], -total


def evidence(
    span: NDArray[np.float32], q: float, names: Names, calibration: Calibration, shift: float = 0.0
) -> tuple[tuple[Leaf, ...], dict[str, float]]:
    """(leaves that sum to l of each type, what turns l into log p)."""
    s, c = span.astype(np.float64), calibration
    slopes = c.deviation / names.deviation
    leaves = []
    for n, kind in enumerate(names.types):
        for word, share in zip(names.words[n], names.shares[n], strict=True):
            likeness = float(s @ share)
            leaves.append(Leaf(f'like "{word}"', {kind: float(slopes[n]) * likeness}, {"likeness": likeness}))
    usual = {
        kind: float(-c.deviation * names.mean[n] / names.deviation[n]) for n, kind in enumerate(names.types)
    }
    leaves.append(Leaf("likeness of any span", usual))
    leaves.append(Leaf("is a mention", dict.fromkeys(names.types, c.mention * q), {"log-odds": q}))
    leaves.append(Leaf("constant", dict.fromkeys(names.types, c.constant + shift)))
    total = np.array([[Evidence(tuple(leaves)).score(kind) for kind in names.types]])
    found, none = log_probabilities(total)
    known = {kind: float(found[0, n] - total[0, n]) for n, kind in enumerate(names.types)}
    return tuple(leaves), {**known, OUTSIDE: float(none[0])}
