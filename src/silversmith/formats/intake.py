"""Intake: the one door through which every reader's documents come in, so that all formats check alike."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from silversmith.core.document import Document, Span
from silversmith.core.errors import ConfigError, DataError, nearest
from silversmith.formats.losses import Losses

__all__ = ["Intake"]

_LONG_WORD = 10_000
"""Characters without a blank from which on a word is worth a note."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONG = re.compile(rf"\S{{{_LONG_WORD},}}")


class Intake:
    """Builds documents for a reader: places errors, refuses repeated ids, counts what is odd.

    path: what is read, for messages. losses: the report. labels: the only labels allowed, or None for any.
    """

    def __init__(self, path: Path, losses: Losses, labels: Collection[str] | None = None) -> None:
        self.path, self.losses, self.labels = path, losses, labels
        self._seen: set[str] = set()

    def error(
        self,
        code: str,
        what: str,
        line: int | None = None,
        *,
        where: str | None = None,
        remedy: str | None = None,
        path: Path | None = None,
    ) -> DataError:
        """A DataError that names the file."""
        shown = path or self.path
        name = "<stdin>" if str(shown) == "-" else shown
        return DataError(code, what, path=name, line=line, where=where, remedy=remedy)

    @contextmanager
    def at(self, line: int | None, *, where: str | None = None, path: Path | None = None) -> Iterator[None]:
        """Give the place to errors from core (D001 ...) that know none."""
        try:
            yield
        except DataError as error:
            if error.path is not None:
                raise
            both = ", ".join(part for part in (where, error.where) if part) or None
            raise self.error(
                error.code, error.what, line, where=both, remedy=error.remedy, path=path
            ) from None

    def made_id(self, number: int, pattern: str = "") -> str:
        """An id for a document that has none: the file's name and its number from 0.

        pattern: another shape, e.g. "train-{:05d}". Raises ConfigError F010 if it takes no number.
        """
        if not pattern:
            stem = "stdin" if str(self.path) == "-" else self.path.name.removesuffix(".gz").rsplit(".", 1)[0]
            return f"{stem or 'document'}-{number:04d}"
        try:
            return pattern.format(number)
        except (ValueError, LookupError, AttributeError) as error:
            raise ConfigError("F010", f"ids={pattern!r}: {error}", remedy="e.g. ids=train-{:05d}") from None

    def document(
        self,
        id: str,
        text: str,
        spans: Iterable[Span] = (),
        *,
        line: int | None = None,
        where: str | None = None,
        path: Path | None = None,
        words: Iterable[tuple[int, int]] | None = None,
        sentences: Iterable[tuple[int, int]] | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> Document:
        """A checked document; `line` or `where` is its place in the file.

        Raises DataError: F004 broken characters, F007 an id twice, F008 a label outside the schema,
        F009 fragments outside their span, and core's D001 to D004 with the place added.
        """
        with self.at(line, where=where, path=path):
            spans = tuple(spans)
            self._check(id, text, spans)
            document = Document(
                id,
                text,
                spans,
                None if words is None else tuple(words),
                None if sentences is None else tuple(sentences),
                dict(meta or {}),
            )
        self._notice(document)
        return document

    def _check(self, id: str, text: str, spans: tuple[Span, ...]) -> None:
        """Refuse what no stage after this one could bear."""
        where = f"document {id[:60]!r}"
        if id in self._seen:
            raise DataError("F007", "this id was used before in the same input", where=where)
        self._seen.add(id)
        if broken := _SURROGATE.search(text) or _SURROGATE.search(id):
            raise DataError(
                "F004", f"half a surrogate pair (a broken emoji) at character {broken.start()}", where=where
            )
        for span in spans:
            if self.labels is not None and span.label not in self.labels:
                raise DataError(
                    "F008",
                    f"unknown label {span.label!r} at [{span.start}, {span.end})",
                    where=where,
                    remedy=nearest(span.label, self.labels),
                )
            if span.fragments and not _fragments_fit(span):
                raise DataError(
                    "F009",
                    f"fragments {span.fragments} don't make the span [{span.start}, {span.end})",
                    where=where,
                    remedy="sorted, disjoint, from its first to its last character",
                )

    def _notice(self, document: Document) -> None:
        """Count the document and what is odd about it."""
        losses, text = self.losses, document.text
        losses.documents += 1
        losses.spans += len(document.spans)
        if not text.strip():
            losses.note("documents without a word", document.id)
        if _CONTROL.search(text):
            losses.note("documents with control characters", document.id)
        if len(text) >= _LONG_WORD and _LONG.search(text):
            losses.note(f"documents with a word of {_LONG_WORD} characters or more", document.id)
        if len(set(document.spans)) < len(document.spans):
            losses.note("documents with the same span twice", document.id)


def _fragments_fit(span: Span) -> bool:
    """Whether the fragments are sorted and disjoint and reach exactly from start to end."""
    last = -1
    for start, end in span.fragments:
        if not last <= start < end:
            return False
        last = end
    return span.fragments[0][0] == span.start and span.fragments[-1][1] == span.end
