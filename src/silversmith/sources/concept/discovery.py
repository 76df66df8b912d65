"""Discovery: the types that a corpus is about, proposed from what its mentions are nearest to.

Each mention goes to the concept it is nearest to. Concepts whose names lie close are one type, called by the
one with the most mentions; a type is as large as its mentions. The proposal is a schema to edit, not a truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from silversmith.core import DataError
from silversmith.models.concepts import Vocabulary

__all__ = ["Proposal", "discover", "schema_text"]

SURE, NEAR, CLOSE = 0.5, 2.0, 0.6
"""Least mention probability; least likeness in deviations; cosine from which two names are one type."""
CHUNK = 8192
NAMES, EXAMPLES = 4, 6

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A type. name: of the largest concept; concepts: it and those close to it. mentions: how many; forms:
    how many different ones. examples: the likest, each form once."""

    name: str
    concepts: tuple[str, ...]
    mentions: int
    forms: int
    examples: tuple[str, ...]
    members: tuple[tuple[int, int], ...] = ()


def discover(
    vectors: Floats, mention: Floats, forms: Sequence[str], vocabulary: Vocabulary, *, types: int = 12
) -> list[Proposal]:
    """Propose types, the largest first.

    vectors: float32 [mentions, size]. mention: probability that each is one (NaN: unknown). forms: as
    written. Raises DataError O030: no mention is sure enough, or none near any concept.
    """
    (sure,) = np.nonzero(np.nan_to_num(mention, nan=0.0) >= SURE)
    best = np.empty(len(sure), np.int64)
    likeness = np.empty(len(sure), np.float32)
    for low in range(0, len(sure), CHUNK):
        z = vocabulary.deviations(vectors[sure[low : low + CHUNK]])
        best[low : low + CHUNK] = z.argmax(axis=1)
        likeness[low : low + CHUNK] = z.max(axis=1)
    near = likeness >= NEAR
    sure, best, likeness = sure[near], best[near], likeness[near]
    if not len(sure):
        raise DataError("O030", "no mention is near any concept", remedy="give more text, or text in English")
    groups = _groups(Counter(best.tolist()), vocabulary)
    found = [_proposal(group, sure, best, likeness, forms, vocabulary) for group in groups]
    return sorted(found, key=lambda one: (-one.mentions, one.name))[:types]


def schema_text(proposals: Sequence[Proposal]) -> str:
    """A schema file of proposals, with what speaks for each in comments."""
    lines = ["# Proposed from a corpus: rename, join, delete; then silversmith label TEXTS --schema THIS\n"]
    for one in proposals:
        name = "".join(word.capitalize() for word in one.name.replace("-", " ").split())
        listed = ", ".join(f'"{_plain(name)}"' for name in one.concepts)
        examples = "; ".join(_plain(text) for text in one.examples)
        lines.append(
            f"\n# {one.mentions:,} mentions, {one.forms:,} different: {examples}\n"
            f'[[type]]\nname = "{_plain(name)}"\nconcepts = [{listed}]\n'
        )
    return "".join(lines)


def _groups(counts: Counter[int], vocabulary: Vocabulary) -> list[list[int]]:
    """Concepts that are one type: each joins the largest one that it lies close to."""
    groups: list[list[int]] = []
    for concept, _ in counts.most_common():
        vector = vocabulary.vectors[concept]
        for group in groups:
            if float(vector @ vocabulary.vectors[group[0]]) >= CLOSE:
                group.append(concept)
                break
        else:
            groups.append([concept])
    return groups


def _proposal(
    group: Sequence[int],
    sure: NDArray[np.int64],
    best: NDArray[np.int64],
    likeness: Floats,
    forms: Sequence[str],
    vocabulary: Vocabulary,
) -> Proposal:
    """One group as a type."""
    (mine,) = np.nonzero(np.isin(best, group))
    order = mine[np.argsort(-likeness[mine], kind="stable")]
    seen: dict[str, str] = {}
    for n in order.tolist():
        form = " ".join(forms[int(sure[n])].split())
        seen.setdefault(form.lower(), form)
    return Proposal(
        vocabulary.names[group[0]],
        tuple(vocabulary.names[one] for one in group[:NAMES]),
        len(mine),
        len(seen),
        tuple(list(seen.values())[:EXAMPLES]),
        tuple((one, int((best == one).sum())) for one in group),
    )


def _plain(text: str) -> str:
    """Text that may stand in a TOML string or comment."""
    return "".join(char for char in text if char.isprintable() and char not in '"\\')
