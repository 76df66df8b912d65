"""Mixing silver with gold: by replacement of documents, by concatenation, or stratified by type.

The SAE-NER paper says it concatenates; its tables add up only if gold documents replace their silver
copies, so `replace` is what it did. Stratified mixing is what it proposes: silver documents are added
where they bring the types that gold lacks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal, get_args

from silversmith.core import ConfigError, DataError, Document
from silversmith.silver.draws import draw_ids, hashed

__all__ = ["MODES", "Mode", "draw_gold", "mix", "stratified_ids"]

Mode = Literal["replace", "concatenate", "stratified"]
MODES: tuple[Mode, ...] = get_args(Mode)


def draw_gold(gold: Iterable[Document], share: float, seed: int = 0) -> list[Document]:
    """A share of the gold documents: round(share * n) of them, by a draw that hangs on their ids.

    Raises ConfigError N005 for a share outside [0, 1].
    """
    if not 0 <= share <= 1:
        raise ConfigError("N005", f"a gold share of {share:g}", remedy="give a number from 0 to 1")
    documents = list(gold)
    chosen = draw_ids((one.id for one in documents), share, seed)
    return [one for one in documents if one.id in chosen]


def mix(
    silver: Iterable[Document],
    gold: Iterable[Document],
    mode: Mode = "replace",
    *,
    goal: Mapping[str, int] | None = None,
    seed: int = 0,
) -> Iterator[Document]:
    """The documents of a mixture; meta["origin"] says "gold" or "silver".

    replace: silver documents, those with a gold version replaced by it (in place); gold ones that silver
    lacks come last. concatenate: all silver, then all gold; a gold document whose id is taken gets the
    suffix "#gold". stratified: all gold, then the silver documents of `stratified_ids` that gold lacks;
    goal: type -> spans wanted (default: as many of each as of gold's most frequent type).
    Memory: the gold documents; stratified also the silver ones. Raises ConfigError N006 an unknown mode,
    DataError N007 an id twice on one side.
    """
    if mode not in MODES:
        raise ConfigError("N006", f"mixing by {mode!r}", remedy=f"valid: {', '.join(MODES)}")
    right = {one.id: one for one in _distinct(gold, "gold")}
    left = _distinct(silver, "silver")
    if mode == "stratified":
        yield from _stratified(list(left), right, goal, seed)
        return
    seen: set[str] = set()
    for document in left:
        seen.add(document.id)
        if mode == "replace" and document.id in right:
            yield _marked(right[document.id], "gold")
        else:
            yield _marked(document, "silver")
    for document in right.values():
        if mode == "concatenate" and document.id in seen:
            document = replace(document, id=f"{document.id}#gold")
        if mode == "concatenate" or document.id not in seen:
            yield _marked(document, "gold")


def stratified_ids(
    gold: Mapping[str, int],
    silver: Iterable[tuple[str, Mapping[str, int]]],
    goal: Mapping[str, int] | None = None,
    seed: int = 0,
) -> frozenset[str]:
    """The silver documents that fill up what gold lacks.

    gold: type -> spans. silver: (document id, type -> spans). goal: type -> spans wanted in all.
    Documents are looked at in a seeded order that hangs on their ids; one is taken if at least half of
    its spans are of types that still fall short.
    """
    counts = list(silver)
    names = {*gold, *(label for _, found in counts for label in found)}
    most = max(gold.values(), default=0)
    wanted = {name: (most if goal is None else goal.get(name, 0)) - gold.get(name, 0) for name in names}
    taken: set[str] = set()
    for name, found in sorted(counts, key=lambda one: (hashed(one[0], seed, "stratify"), one[0])):
        useful = sum(min(number, max(0, wanted[label])) for label, number in found.items())
        if useful and 2 * useful >= sum(found.values()):
            taken.add(name)
            for label, number in found.items():
                wanted[label] -= number
    return frozenset(taken)


def _stratified(
    silver: list[Document], gold: Mapping[str, Document], goal: Mapping[str, int] | None, seed: int
) -> Iterator[Document]:
    """All gold, then the useful silver documents."""
    have = Counter(span.label for one in gold.values() for span in one.spans)
    rest = [one for one in silver if one.id not in gold]
    counts = ((one.id, Counter(span.label for span in one.spans)) for one in rest)
    taken = stratified_ids(have, counts, goal, seed)
    for document in gold.values():
        yield _marked(document, "gold")
    for document in rest:
        if document.id in taken:
            yield _marked(document, "silver")


def _marked(document: Document, origin: str) -> Document:
    """The document with its origin noted."""
    return replace(document, meta={**document.meta, "origin": origin})


def _distinct(documents: Iterable[Document], side: str) -> Iterator[Document]:
    """Pass documents on. Raises DataError N007 at an id that comes twice."""
    seen: set[str] = set()
    for document in documents:
        if document.id in seen:
            raise DataError("N007", f"this id comes twice in {side}", where=f"document {document.id!r}")
        seen.add(document.id)
        yield document
