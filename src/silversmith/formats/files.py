"""Bytes in and out: lines with their numbers, gzip, stdin and stdout, and writing aside.

Lines end at a line feed and nowhere else: a carriage return, U+2028 or a form feed is text.
"""

from __future__ import annotations

import gzip
import os
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from silversmith.core.errors import DataError

__all__ = ["BOM", "STREAM", "aside", "decoded", "open_bytes", "open_out", "read_text", "text_lines"]

STREAM = "-"
"""The path that means stdin or stdout."""

BOM = "\ufeff"


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a file (or stdin for '-') to read; `.gz` is unpacked.

    Raises DataError: F001 it can't be opened, F002 the gzip data is damaged or cut off.
    """
    try:
        if str(path) == STREAM:
            yield sys.stdin.buffer
        elif path.suffix == ".gz":
            with gzip.open(path, "rb") as packed:
                yield cast(BinaryIO, packed)
        else:
            with path.open("rb") as file:
                yield file
    except FileNotFoundError:
        raise DataError("F001", "there is no such file", path=path) from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            "F002", f"damaged or cut off gzip data: {error}", path=path, remedy="copy or make it again"
        ) from None
    except IsADirectoryError:
        raise DataError("F001", "this is a folder, a file is needed", path=path) from None
    except PermissionError:
        raise DataError("F001", "no permission to read it", path=path) from None


def decoded(data: bytes, path: Path, line: int) -> str:
    """UTF-8 bytes as text; `line` is the number of the first line in them. Raises DataError F003."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line += data.count(b"\n", 0, error.start)
        raise DataError(
            "F003",
            f"not UTF-8: byte 0x{data[error.start]:02x}",
            path=path,
            line=line,
            remedy="convert it first, e.g. iconv -f LATIN1 -t UTF-8",
        ) from None


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number from 1, line without its end) of a UTF-8 file; a byte-order mark in front is left out."""
    with open_bytes(path) as file:
        for number, data in enumerate(file, start=1):
            line = decoded(data, path, number)
            if number == 1:
                line = line.removeprefix(BOM)
            yield number, line.removesuffix("\n").removesuffix("\r")


def read_text(path: Path) -> str:
    """The whole text of a UTF-8 file, line ends and byte-order mark kept. Raises DataError F003, F004."""
    with open_bytes(path) as file:
        text = decoded(file.read(), path, 1)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError("F004", "a NUL character: not a text file", path=path, line=line)
    return text


def open_out(path: Path) -> BinaryIO:
    """Open a new file to write; `.gz` is packed, with equal bytes for equal content."""
    if path.suffix == ".gz":
        # mtime and name are left out of the header so that the same documents give the same bytes
        return cast(BinaryIO, _Packed(path.open("wb")))
    return path.open("wb")


class _Packed(gzip.GzipFile):
    """A gzip file that closes the file below it."""

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__(filename="", mode="wb", fileobj=raw, mtime=0)
        self._raw = raw

    def close(self) -> None:
        super().close()
        self._raw.close()


@contextmanager
def aside(target: Path) -> Iterator[Path]:
    """Yield a path beside `target` to write a file or a folder at; on success it becomes `target`.

    '-' is copied to stdout at the end. An old file is replaced; a folder only if it is empty.
    Raises DataError F005 if it can't be written; then nothing is left behind.
    """
    stream = str(target) == STREAM
    if not stream and target.is_dir() and any(target.iterdir()):
        raise DataError(
            "F005", "refusing to write into a folder that is not empty", path=target, remedy="give a new one"
        )
    parent = Path(tempfile.gettempdir()) if stream else target.parent
    with _refusing(target):
        parent.mkdir(parents=True, exist_ok=True)
        room = Path(tempfile.mkdtemp(prefix=f".{target.name}."[:100], dir=parent))
        try:
            made = room / ("stdout" if stream else target.name)
            yield made
            (_copy_out if stream else _replace)(made, target)
        finally:
            shutil.rmtree(room, ignore_errors=True)


@contextmanager
def _refusing(target: Path) -> Iterator[None]:
    """Turn what the operating system refuses about writing into a DataError."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        what = error.strerror or str(error)
        raise DataError("F005", f"can't write: {what}", path=error.filename or target) from None


def _copy_out(made: Path, target: Path) -> None:
    """Copy a finished file to stdout."""
    del target
    with made.open("rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer)
    sys.stdout.buffer.flush()


def _replace(made: Path, target: Path) -> None:
    """Rename a finished file or folder."""
    move: Callable[[Path, Path], None] = os.replace
    if made.is_dir() and target.is_dir():
        target.rmdir()
    move(made, target)
