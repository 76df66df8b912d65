"""Pairing: gold and predicted documents of the same id, streamed side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Literal

from silversmith.core import ConfigError, DataError, Document

__all__ = ["Missing", "Pair", "keep_types", "pair_documents"]

Pair = tuple[Document, Document]
"""A gold document and the predicted one of the same id and text."""

Missing = Literal["error", "empty", "skip"]
"""What to do with an id that only one side has."""


def pair_documents(
    gold: Iterable[Document], predicted: Iterable[Document], *, missing: Missing = "error"
) -> Iterator[Pair]:
    """Yield (gold, predicted) for every id; only what is out of step waits in memory.

    missing: "error" refuses an id that only one side has; "empty" scores a gold document without
    prediction as one in which nothing was found (an unknown predicted id is still refused);
    "skip" scores the ids that both sides have. Pairs come in the order in which they become complete.
    Raises DataError: E001 ids without prediction, E002 ids without gold, E003 an id twice, E004 other text.
    """
    if missing not in ("error", "empty", "skip"):
        raise ConfigError("E005", f"missing={missing!r}", remedy="valid: error, empty, skip")
    left: dict[str, Document] = {}
    right: dict[str, Document] = {}
    seen_left: set[str] = set()
    seen_right: set[str] = set()
    for one, other in zip_longest(gold, predicted):
        if one is not None:
            _new(one.id, seen_left, "gold")
            left[one.id] = one
        if other is not None:
            _new(other.id, seen_right, "predicted")
            right[other.id] = other
        for document in (one, other):
            if document is not None and document.id in left and document.id in right:
                yield _same_text(left.pop(document.id), right.pop(document.id))
    yield from _rest(left, right, missing, len(seen_left) - len(left))


def keep_types(documents: Iterable[Document], types: Iterable[str]) -> Iterator[Document]:
    """The documents with the spans of these types only."""
    wanted = frozenset(types)
    for document in documents:
        yield document.with_spans(span for span in document.spans if span.label in wanted)


def _new(name: str, seen: set[str], side: str) -> None:
    """Note an id. Raises DataError E003 if this side had it before."""
    if name in seen:
        raise DataError(
            "E003",
            f"the {side} documents have this id twice",
            where=f"document {name!r}",
            remedy="ids must be unique",
        )
    seen.add(name)


def _same_text(gold: Document, predicted: Document) -> Pair:
    """The pair, if both have the same text. Raises DataError E004."""
    if gold.text != predicted.text:
        position = next(
            (at for at, (a, b) in enumerate(zip(gold.text, predicted.text, strict=False)) if a != b),
            min(len(gold.text), len(predicted.text)),
        )
        raise DataError(
            "E004",
            f"gold and predicted texts differ from character {position} on "
            f"({len(gold.text)} and {len(predicted.text)} characters), so offsets can't be compared",
            where=f"document {gold.id!r}",
            remedy="predict on the gold file's own texts",
        )
    return gold, predicted


def _rest(
    left: dict[str, Document], right: dict[str, Document], missing: Missing, paired: int
) -> Iterator[Pair]:
    """The documents that found no partner, as `missing` wants them. Raises DataError E001, E002."""
    if missing == "skip":
        return
    hint = ""
    if not paired and left and right:
        hint = f"; no id is in both: gold has {_some(left)}, predicted has {_some(right)}"
    if right:
        raise DataError(
            "E002",
            f"{len(right)} predicted documents have no gold: {_some(right)}{hint}",
            remedy="give files of the same documents, or --missing skip to score only ids in both",
        )
    if left and missing == "error":
        raise DataError(
            "E001",
            f"{len(left)} gold documents have no prediction: {_some(left)}",
            remedy="predict them too, or --missing empty to count their spans as not found",
        )
    for document in left.values():
        yield document, document.with_spans(())


def _some(documents: dict[str, Document]) -> str:
    """The first three ids."""
    names = ", ".join(repr(name) for name in list(documents)[:3])
    return names + (", ..." if len(documents) > 3 else "")
