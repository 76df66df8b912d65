"""Labelling functions: rules in Python as a source like any other.

    @labelling_function("DOSE", "UNIT")
    def doses(document):
        for match in re.finditer(r"(\\d+) ?(mg|ml)", document.text):
            yield *match.span(1), "DOSE", 0.9
            yield *match.span(2), "UNIT"

A function yields (start, end, type) or (start, end, type, probability); one that has nothing to say yields
nothing.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from silversmith.core import ConfigError, DataError, Document, Evidence, Leaf, Vote
from silversmith.silver.overlaps import resolve

__all__ = ["Functions", "LabellingFunction", "labelling_function"]

Found = tuple[int, int, str] | tuple[int, int, str, float]
CERTAIN = 0.9
"""Probability of a span for which a function gives none."""


@dataclass(frozen=True)
class LabellingFunction:
    """A function with its name and the types that it may give. Callable like the function itself."""

    name: str
    types: tuple[str, ...]
    function: Callable[[Document], Iterable[Found]]

    def __call__(self, document: Document) -> Iterable[Found]:
        """What the function finds in a document."""
        return self.function(document)


def labelling_function(
    *types: str, name: str | None = None
) -> Callable[[Callable[[Document], Iterable[Found]]], LabellingFunction]:
    """Decorate a function of a document. types: all that it may give. Raises ConfigError I001: none named."""
    if not types or any(not isinstance(one, str) for one in types):
        raise ConfigError("I001", "no type named", remedy='write @labelling_function("DOSE")')

    def decorate(function: Callable[[Document], Iterable[Found]]) -> LabellingFunction:
        return LabellingFunction(name or function.__name__, types, function)

    return decorate


class Functions:
    """Labelling functions as a source. Where several name a span the most probable says what it is; of spans
    that overlap the most probable stays."""

    name: ClassVar[str] = "functions"

    def __init__(self, functions: Sequence[LabellingFunction]) -> None:
        if not functions:
            raise ConfigError("I001", "no labelling function", remedy="decorate one with @labelling_function")
        self.functions = tuple(functions)
        self.uncovered = 0

    @classmethod
    def prepare(cls, functions: Sequence[LabellingFunction]) -> Functions:
        """Nothing to fit. Raises ConfigError I001: no function."""
        return cls(functions)

    def settings(self) -> dict[str, Any]:
        """Whatever decides the votes, as far as it can be told."""
        return {one.name: [list(one.types), _source(one.function)] for one in self.functions}

    def label(self, documents: Iterable[Document]) -> Iterator[list[Vote]]:
        """Votes a document, in order. Raises DataError I010 (function and document named) for a span that is
        none."""
        for document in documents:
            found = self._found(document)
            places = sorted(found)
            sure = [max(p for _, p in found[one].values()) for one in places]
            kept = resolve(places, sure)
            yield [self._vote(document, places[at], found[places[at]]) for at in kept]

    def explain(self, document: Document, vote: Vote) -> Evidence:
        """Which functions said so: one leaf a function, of its log probability; the likeliest counts."""
        said = self._found(document).get((vote.start, vote.end), {})
        leaves = [Leaf(f"function {name}", {kind: math.log(p)}) for kind, (name, p) in said.items()]
        chances = self._chances(said)
        known = {kind: math.log(chances[kind]) - math.log(p) for kind, (_, p) in said.items()}
        return Evidence(tuple(leaves) or (Leaf("no function", {}),), known)

    def _found(self, document: Document) -> dict[tuple[int, int], dict[str, tuple[str, float]]]:
        """Place -> type -> (function, probability), the likeliest of each."""
        found: dict[tuple[int, int], dict[str, tuple[str, float]]] = {}
        for one in self.functions:
            for given in one(document):
                start, end, kind, p = _checked(given, one, document)
                known = found.setdefault((start, end), {})
                if kind not in known or p > known[kind][1]:
                    known[kind] = (one.name, p)
        return found

    def _vote(self, document: Document, place: tuple[int, int], said: dict[str, tuple[str, float]]) -> Vote:
        return Vote(document.id, *place, self._chances(said), self.name)

    def _chances(self, said: dict[str, tuple[str, float]]) -> dict[str, float]:
        """Probabilities that sum to at most 1."""
        total = max(1.0, math.fsum(p for _, p in said.values()))
        return {kind: p / total for kind, (_, p) in said.items()}


def _checked(given: Any, one: LabellingFunction, document: Document) -> tuple[int, int, str, float]:
    """A span that is one. Raises DataError I010."""
    where = f"function {one.name!r}, document {document.id!r}"
    try:
        start, end, kind, *rest = given
        p = float(rest[0]) if rest else CERTAIN
        right = 0 <= start < end <= len(document.text) and 0 < p <= 1 and len(rest) <= 1
    except (TypeError, ValueError):
        raise DataError("I010", f"expected (start, end, type), found {given!r}"[:200], where=where) from None
    if not right:
        raise DataError(
            "I010", f"{given!r} is no span of a text of {len(document.text)} characters", where=where
        )
    if kind not in one.types:
        raise DataError(
            "I010", f"the type {kind!r} is not among those it names", where=where, remedy=", ".join(one.types)
        )
    return int(start), int(end), str(kind), p


def _source(function: Callable[..., Any]) -> str:
    """The function's code, or its name where that can't be had."""
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return repr(function)
