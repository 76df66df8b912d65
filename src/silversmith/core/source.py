"""Source: the contract of every source of silver, built-in or plugin (entry point `silversmith.sources`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points
from itertools import islice
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

from silversmith.core.document import Document
from silversmith.core.errors import ConfigError, nearest
from silversmith.core.votes import Evidence, Vote

__all__ = ["BLOCK", "Source", "blocks", "find_source", "source_names"]

BLOCK = 256
"""Documents a block: batches are formed only inside one, so the bytes don't depend on engine or order."""

T = TypeVar("T")


@runtime_checkable
class Source(Protocol):
    """A fitted source. Built by its class's `prepare` or `open`; labels documents and explains votes."""

    name: ClassVar[str]

    def label(self, documents: Iterable[Document]) -> Iterator[list[Vote]]:
        """One list of votes a document, in order, streaming, with bounded memory."""
        ...

    def explain(self, document: Document, vote: Vote) -> Evidence:
        """The evidence of one vote of this source; its leaves add up to the score."""
        ...


def blocks(items: Iterable[T], size: int = BLOCK) -> Iterator[list[T]]:
    """Lists of `size` consecutive items (the last may be shorter)."""
    stream = iter(items)
    while block := list(islice(stream, size)):
        yield block


def source_names() -> list[str]:
    """Names of all installed sources."""
    return sorted(point.name for point in entry_points(group="silversmith.sources"))


def find_source(name: str) -> Any:
    """The class of a source by name. Raises ConfigError C010 if none is installed under it."""
    for point in entry_points(group="silversmith.sources"):
        if point.name == name:
            return point.load()
    raise ConfigError("C010", f"there is no source {name!r}", remedy=nearest(name, source_names()))
