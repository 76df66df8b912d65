"""Plain text: one document a file (.txt, .md), alone or in a folder; nothing but the text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from silversmith.core.document import Document
from silversmith.core.errors import DataError
from silversmith.formats.files import BOM, STREAM, read_text
from silversmith.formats.form import Form
from silversmith.formats.intake import Intake
from silversmith.formats.losses import Losses
from silversmith.formats.names import name_of, new_file, visible

__all__ = ["TEXT", "read_text_files", "write_text_files"]

_SUFFIXES = (".txt", ".md")


def read_text_files(path: Path, intake: Intake) -> Iterator[Document]:
    """Documents of a folder of texts (sub-folders too) or of one file; ids are the names without .txt.

    Line ends stay as they are; one byte-order mark in front is left out. Other files of a folder are
    counted. Raises DataError: F003 not UTF-8, F004 not a text, F014 the file is empty.
    """
    if path.is_dir():
        files = visible(path, *_SUFFIXES)
        others = sum(1 for one in path.rglob("*") if one.is_file()) - len(files)
        if others:
            intake.losses.note("files that are no .txt or .md (not read)", count=others)
        root = path
    else:
        files, root = [path], path.parent
    for file in files:
        text = read_text(file)
        if text.startswith(BOM):
            text = text.removeprefix(BOM)
            intake.losses.repair("byte-order marks (left out)", file.name)
        if not text and files == [path]:
            raise intake.error("F014", "the file is empty", 1)
        name = "stdin" if str(file) == STREAM else name_of(file, root, ".txt")
        yield intake.document(name, text, path=file)


def write_text_files(documents: Iterable[Document], path: Path, losses: Losses) -> None:
    """Write a folder of .txt files; if the path ends in .txt or .md, one file for the one document.

    Raises DataError F012: several documents for one file, a NUL in a text, an id that can't name a file.
    """
    del losses
    if path.suffix in _SUFFIXES:
        _write_one(documents, path)
        return
    path.mkdir()
    for document in documents:
        new_file(path, document, "" if document.id.endswith(".md") else ".txt").write_bytes(_bytes(document))


def _write_one(documents: Iterable[Document], path: Path) -> None:
    for number, document in enumerate(documents):
        if number:
            raise DataError("F012", "a text file holds one document only", path=path, remedy="name a folder")
        path.write_bytes(_bytes(document))


def _bytes(document: Document) -> bytes:
    """The text; one that begins with a byte-order mark gets a second, since readers leave one out."""
    mark = BOM if document.text.startswith(BOM) else ""
    return (mark + document.text).encode("utf-8")


TEXT = Form(
    name="text",
    about="text files, .txt and .md, or a folder of them",
    suffixes=_SUFFIXES,
    read=read_text_files,
    write=write_text_files,
    keeps=frozenset({"ids", "text"}),
    partly={},
    folder=True,
)
