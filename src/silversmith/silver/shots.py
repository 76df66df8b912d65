"""Few shots: k to 2k mentions of each type, by a draw that can't hang (NuNER's protocol, Few-NERD's rule).

The rule draws sentences at random and takes one if no type would exceed 2k and some type in it is below k,
until all have k. A sentence that may not be taken never becomes one again, so one pass over a random order
draws the same. Where that pass ends short (dense sentences), sentences with the least excess are added and
the sample says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from silversmith.core import ConfigError, Document
from silversmith.text.words import split_words

__all__ = ["Shots", "sample_shots"]


@dataclass(frozen=True, slots=True)
class Shots:
    """A sample. documents: in the order drawn. counts: mentions (or words) of each type. short: type -> how
    many below min(k, all there are): always empty. forced: documents added beyond 2k of some type."""

    documents: tuple[Document, ...]
    counts: dict[str, int]
    forced: int


def sample_shots(
    documents: Sequence[Document],
    k: int,
    *,
    types: Sequence[str] | None = None,
    seed: int = 0,
    unit: str = "mentions",
) -> Shots:
    """Draw a sample. documents: sentences. types: those wanted (None: all that occur). unit: mentions, words.

    Raises ConfigError N030: k below 1, no document with such a type, or another unit.
    """
    if k < 1 or unit not in {"mentions", "words"}:
        raise ConfigError("N030", f"{k} {unit} a type", remedy="give k of 1 or more, in mentions or words")
    wanted = set(types) if types is not None else {span.label for one in documents for span in one.spans}
    counts = [_count(one, wanted, unit) for one in documents]
    total: Counter[str] = sum(counts, Counter())
    if not total:
        raise ConfigError("N030", "no document has a span of these types", remedy="give labelled documents")
    held: Counter[str] = Counter()
    order = np.random.default_rng([seed, k]).permutation(len(documents)).tolist()
    chosen, left = [], []
    for number in order:
        own = counts[number]
        useful = any(held[kind] < k for kind in own)
        if own and useful and all(held[kind] + more <= 2 * k for kind, more in own.items()):
            chosen.append(number)
            held += own
        else:
            left.append(number)
        if all(held[kind] >= k for kind in total):
            break
    forced = _repair(counts, held, {kind: min(k, total[kind]) for kind in total}, 2 * k, left, chosen)
    return Shots(tuple(documents[number] for number in chosen), dict(sorted(held.items())), forced)


def _repair(
    counts: Sequence[Counter[str]],
    held: Counter[str],
    goals: dict[str, int],
    most: int,
    left: list[int],
    chosen: list[int],
) -> int:
    """Add documents until every type has its goal; how many. The neediest type first, least excess first."""
    added = 0
    while short := {kind: goal - held[kind] for kind, goal in goals.items() if held[kind] < goal}:
        kind = max(short, key=lambda name: (short[name], name))
        usable = [number for number in left if counts[number][kind]]
        best = min(usable, key=lambda number: _excess(counts[number], held, most))
        left.remove(best)
        chosen.append(best)
        held += counts[best]
        added += 1
    return added


def _excess(own: Counter[str], held: Counter[str], most: int) -> int:
    """Mentions beyond the most that taking a document would bring."""
    return sum(max(0, held[kind] + more - most) for kind, more in own.items())


def _count(document: Document, wanted: set[str], unit: str) -> Counter[str]:
    """Mentions, or words, of each wanted type."""
    spans = [span for span in document.spans if span.label in wanted]
    if unit == "mentions":
        return Counter(span.label for span in spans)
    words = split_words(document.text)
    return Counter(
        span.label for span in spans for start, end in words if start < span.end and end > span.start
    )
