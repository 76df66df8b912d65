"""Form: what a format is (name, suffixes, reader, writer) and which parts of a document it keeps."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from silversmith.core.document import Document, Span
from silversmith.core.errors import ConfigError, DataError, nearest
from silversmith.formats.losses import Losses

__all__ = ["PARTS", "Form", "tell_losses"]

PARTS = {
    "ids": "document ids",
    "text": "the text, character for character",
    "spans": "typed spans",
    "nested": "nested and overlapping spans",
    "fragments": "fragments of discontinuous spans",
    "scores": "scores of spans",
    "sources": "sources of spans",
    "words": "words",
    "sentences": "sentences",
    "meta": "meta",
}
"""Parts of a document that a format may keep, with their names for people."""

_OF_SPANS = {"nested", "fragments", "scores", "sources"}


@dataclass(frozen=True, slots=True)
class Form:
    """One format.

    read(path, intake, **options) yields documents; write(documents, path, losses, **options) makes a new
    file or folder at path. suffixes: file names that mean this format, longest first ('.gz' is looked
    through). folder: it writes a folder. keeps: keys of PARTS that survive writing and reading back.
    partly: part -> what may be lost of it all the same (counted when it happens).
    """

    name: str
    about: str
    suffixes: tuple[str, ...]
    read: Callable[..., Iterator[Document]]
    write: Callable[..., None]
    keeps: frozenset[str]
    partly: Mapping[str, str]
    folder: bool = False

    def check_options(self, options: Mapping[str, Any], *, writing: bool) -> None:
        """Raises ConfigError F010 for an option that the reader (or writer) does not have."""
        valid = self.options(writing=writing)
        for key in options:
            if key not in valid:
                verb = "writing" if writing else "reading"
                remedy = nearest(key, valid) if valid else "it has none"
                raise ConfigError("F010", f"{verb} {self.name} has no option {key!r}", remedy=remedy)

    def options(self, *, writing: bool) -> dict[str, Any]:
        """Names and defaults of the options for reading or writing."""
        parameters = inspect.signature(self.write if writing else self.read).parameters.values()
        return {one.name: one.default for one in parameters if one.kind is one.KEYWORD_ONLY}


def tell_losses(documents: Iterable[Document], keeps: frozenset[str], losses: Losses) -> Iterator[Document]:
    """Pass the documents on to a writer; count what the format has no place for (all parts but `keeps`)."""
    for document in documents:
        losses.documents += 1
        losses.spans += len(document.spans)
        _check_encodable(document)
        for part, lost in _parts(document):
            if part not in keeps and ("spans" in keeps or part not in _OF_SPANS):
                losses.lose(PARTS[part], document.id, lost)
        yield document


def _check_encodable(document: Document) -> None:
    """Raises DataError F012 for half a surrogate pair: no file could hold it."""
    try:
        document.text.encode("utf-8")
        document.id.encode("utf-8")
    except UnicodeEncodeError as error:
        what = f"half a surrogate pair (a broken emoji) at character {error.start}"
        raise DataError("F012", what, where=f"document {document.id[:60]!r}") from None


def _parts(document: Document) -> Iterator[tuple[str, int]]:
    """The optional parts that a document has, each with its count."""
    spans = document.spans
    counts = {
        "ids": 1,
        "spans": len(spans),
        "nested": _overlapping(spans),
        "fragments": sum(1 for span in spans if span.fragments),
        "scores": sum(1 for span in spans if span.score is not None),
        "sources": sum(1 for span in spans if span.source is not None),
        "words": int(document.words is not None),
        "sentences": int(document.sentences is not None),
        "meta": int(bool(document.meta)),
    }
    yield from ((part, count) for part, count in counts.items() if count)


def _overlapping(spans: tuple[Span, ...]) -> int:
    """Spans that begin before an earlier one has ended."""
    count, reach = 0, 0
    for span in spans:
        count += span.start < reach
        reach = max(reach, span.end)
    return count
