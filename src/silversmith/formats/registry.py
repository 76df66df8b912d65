"""Registry: every format under one roof. `read` and `write` are all that most callers need.

Formats of plugins come in by the entry point group `silversmith.formats`, each a `Form`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from silversmith.core.document import Document
from silversmith.core.errors import ConfigError, DataError, nearest
from silversmith.core.schema import Schema
from silversmith.formats.argilla import ARGILLA
from silversmith.formats.brat import BRAT
from silversmith.formats.conll import CONLL
from silversmith.formats.detect import detect
from silversmith.formats.docbin import DOCBIN
from silversmith.formats.doccano import DOCCANO
from silversmith.formats.docred import DOCRED
from silversmith.formats.files import STREAM, aside
from silversmith.formats.form import Form, tell_losses
from silversmith.formats.intake import Intake
from silversmith.formats.jsonl import JSONL
from silversmith.formats.labelstudio import LABELSTUDIO
from silversmith.formats.losses import Losses
from silversmith.formats.parquet import PARQUET
from silversmith.formats.prodigy import PRODIGY
from silversmith.formats.text import TEXT

__all__ = ["Reading", "check_labels", "find_form", "forms", "read", "write"]

_BUILT_IN = (JSONL, DOCRED, BRAT, CONLL, TEXT, PARQUET, DOCBIN, LABELSTUDIO, DOCCANO, PRODIGY, ARGILLA)


@cache
def forms() -> dict[str, Form]:
    """All formats by name: the built-in ones and those of installed plugins."""
    known = {form.name: form for form in _BUILT_IN}
    for point in entry_points(group="silversmith.formats"):
        known.setdefault(point.name, point.load())
    return known


def find_form(name: str) -> Form:
    """A format by name. Raises ConfigError F013 if there is none."""
    if name not in forms():
        raise ConfigError("F013", f"there is no format {name!r}", remedy=nearest(name, forms()))
    return forms()[name]


class Reading:
    """The documents of a path, read while you iterate; each iteration reads afresh.

    path, format: what is read and how. losses: the report, complete once the iteration has ended.
    """

    def __init__(
        self, path: Path | str, format: str | None = None, *, schema: Schema | None = None, **options: Any
    ) -> None:
        self.path = Path(path)
        self._form = find_form(format or detect(self.path, forms().values()))
        self._form.check_options(options, writing=False)
        self.format, self.losses = self._form.name, Losses()
        self._labels: Collection[str] | None = None if schema is None else schema.names
        self._options = options

    def __iter__(self) -> Iterator[Document]:
        self.losses = Losses()
        intake = Intake(self.path, self.losses, self._labels)
        if str(self.path) != STREAM and not self.path.exists():
            raise DataError("F001", "there is no such file or folder", path=self.path)
        yield from self._form.read(self.path, intake, **self._options)
        if not self.losses.documents:
            raise intake.error("F014", "no document in it", remedy=f"it was read as {self.format}")


def read(
    path: Path | str, format: str | None = None, *, schema: Schema | None = None, **options: Any
) -> Reading:
    """The documents of a file or folder, one at a time, as a `Reading` with a loss report.

    format: a name from `forms()`; None detects it from suffix and content. '-' is stdin (JSON lines unless
    a format is named). schema: refuse labels that are not in it. options: of the format, e.g. token_column=1.
    Raises ConfigError: F010 unknown option, F013 unknown format. While iterating DataError: F001 to F020.
    """
    return Reading(path, format, schema=schema, **options)


def write(
    documents: Iterable[Document], path: Path | str, format: str | None = None, **options: Any
) -> Losses:
    """Write documents to a file or folder and report what the format could not keep.

    Written aside and renamed: if anything fails, nothing is left at `path` and what was there stays.
    format: None decides by suffix (no suffix: a folder of text files has to be named). '-' is stdout.
    Raises ConfigError F010, F013; DataError: F005 can't write, F012 no place in this format, F015 a folder
    on stdout.
    """
    path = Path(path)
    form = find_form(format or detect(path, forms().values(), writing=True))
    form.check_options(options, writing=True)
    if str(path) == STREAM and form.folder:
        raise DataError("F015", f"{form.name} is a folder and can't go to stdout", remedy="name a folder")
    losses = Losses()
    with aside(path) as made:
        told = tell_losses(documents, form.keeps | form.partly.keys(), losses)
        form.write(told, made, losses, **options)
    return losses


def check_labels(documents: Iterable[Document], schema: Schema) -> Iterator[Document]:
    """Pass the documents on. Raises DataError F008 at the first label that is not in the schema."""
    names = frozenset(schema.names)
    for document in documents:
        for span in document.spans:
            if span.label not in names:
                raise DataError(
                    "F008",
                    f"unknown label {span.label!r} at [{span.start}, {span.end})",
                    where=f"document {document.id!r}",
                    remedy=nearest(span.label, names),
                )
        yield document
