"""JSON in: records of JSON lines and of one big array, one at a time, with their lines and fields."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from silversmith.core.document import Span
from silversmith.core.errors import DataError
from silversmith.formats.files import BOM, open_bytes, text_lines
from silversmith.formats.intake import Intake

__all__ = ["Record", "array_records", "as_ranges", "as_span", "line_records"]

_CHUNK = 1 << 16

_BLANKS = re.compile(r"[ \t\r\n]*")


class Record(dict[str, Any]):
    """A JSON object and its place (line, or where); fields missing or of a wrong kind are refused."""

    def __init__(
        self, content: dict[str, Any], intake: Intake, line: int | None = None, where: str | None = None
    ) -> None:
        super().__init__(content)
        self.intake, self.line, self.where = intake, line, where

    def error(self, what: str, remedy: str | None = None, code: str = "F011") -> DataError:
        """A DataError that names the place; F011: a field missing or of a wrong kind."""
        return self.intake.error(code, what, self.line, where=self.where, remedy=remedy)

    def text(self, key: str = "text") -> str:
        """A string that must be there."""
        value = self.get(key)
        if not isinstance(value, str):
            found = "no" if key not in self else f"{_kind(value)} instead of a string for"
            raise self.error(f"{found} {key!r}", "every document needs a text")
        return value

    def items_of(self, key: str) -> list[Any]:
        """A list; empty if the key is missing or null."""
        value = self.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.error(f"{_kind(value)} instead of a list for {key!r}")
        return value

    def meta(self, key: str = "meta") -> dict[str, Any]:
        """An object; empty if the key is missing or null."""
        value = self.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.error(f"{_kind(value)} instead of an object for {key!r}")
        return dict(value)

    def id(self, number: int, *keys: str) -> str:
        """The first of the keys (default 'id') that holds a name or a whole number; else one is made."""
        for key in keys or ("id",):
            value = self.get(key)
            if isinstance(value, str) and value:
                return value
            if _is_int(value):
                return str(value)
        self.intake.losses.repair("ids made for documents without one")
        return self.intake.made_id(number)


def line_records(path: Path, intake: Intake) -> Iterator[Record]:
    """The objects of a file of JSON lines; blank lines are skipped. Raises DataError F006."""
    for line, text in text_lines(path):
        if text.strip():
            try:
                value = json.loads(text, parse_constant=_refuse)
            except (ValueError, RecursionError) as error:
                raise _no_json(intake, error, line) from None
            if not isinstance(value, dict):
                raise intake.error("F006", f"{_kind(value)} instead of a JSON object", line)
            yield Record(value, intake, line)


def array_records(path: Path, intake: Intake) -> Iterator[Record]:
    """The objects of a JSON array (or one after the other), read piece by piece. Raises DataError F006."""
    stream = _Stream(path, intake)
    opened = stream.take("[")
    while stream.peek() not in {"", "]"}:
        if stream.peek() != "{":
            raise intake.error("F006", f"not a JSON array of objects: {stream.sample()!r}", stream.line)
        yield stream.record()
        if opened and not stream.take(",") and stream.peek() != "]":
            what = f"no comma or bracket: {stream.sample()!r}" if stream.peek() else "cut off"
            raise intake.error("F006", f"not JSON: {what} in the array", stream.line)
    if opened and not stream.take("]"):
        raise intake.error("F006", "not JSON: cut off in the array", stream.line)
    if stream.peek():
        raise intake.error("F006", f"not JSON: {stream.sample()!r} after the end", stream.line)


class _Stream:
    """A JSON text read in pieces: `line` is that of the next character that is no blank."""

    def __init__(self, path: Path, intake: Intake) -> None:
        self.line = 1
        self._intake, self._pieces = intake, _pieces(path, intake)
        self._buffer, self._at = "", 0
        self._decoder = json.JSONDecoder(parse_constant=_refuse)

    def peek(self) -> str:
        """The next character that is no blank, or '' at the end."""
        while True:
            found = _BLANKS.match(self._buffer, self._at)
            self._move(found.end() if found else self._at)
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more(1):
                return ""

    def take(self, sign: str) -> bool:
        """Go past the sign if it comes next."""
        found = self.peek() == sign
        self._at += found
        return found

    def sample(self) -> str:
        """The next few characters, for a message."""
        return self._buffer[self._at : self._at + 20]

    def record(self) -> Record:
        """The object that comes next."""
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._at)
            except (ValueError, RecursionError) as error:
                # twice as much at each failure, so that a long record costs a constant factor only
                if isinstance(error, ValueError) and self._more(len(self._buffer) - self._at):
                    continue
                before = self._buffer.count("\n", 0, self._at)
                raise _no_json(self._intake, error, self.line - before) from None
            record = Record(value, self._intake, self.line)
            self._move(end)
            return record

    def _move(self, end: int) -> None:
        """Go on to an index of the buffer."""
        self.line += self._buffer.count("\n", self._at, end)
        self._at = end

    def _more(self, size: int) -> bool:
        """Read on by `size` characters at least; drop what is behind. False at the end of the file."""
        fresh: list[str] = []
        while sum(map(len, fresh)) < size and (piece := next(self._pieces, None)) is not None:
            fresh.append(piece)
        if not any(fresh):  # left as it is: an error's line is counted from the buffer's beginning
            return False
        self._buffer, self._at = self._buffer[self._at :] + "".join(fresh), 0
        return True


def as_span(value: Any, record: Record) -> Span:
    """A span from [start, end, label] or an object with start, end, label, score?, source?, fragments?."""
    with record.intake.at(record.line, where=record.where):
        if isinstance(value, list) and len(value) == 3:
            start, end, label = value
            extra: dict[str, Any] = {}
        elif isinstance(value, dict):
            start, end, label = value.get("start"), value.get("end"), value.get("label")
            extra = value
        else:
            raise record.error(f"a span is {json.dumps(value)[:60]}", "write [start, end, label]")
        if not (_is_int(start) and _is_int(end) and isinstance(label, str)):
            raise record.error(
                f"a span is {json.dumps(value)[:60]}",
                "start and end are whole numbers, the label is a string",
            )
        score, source = extra.get("score"), extra.get("source")
        if not (score is None or (isinstance(score, int | float) and not isinstance(score, bool))):
            raise record.error(f"the score of a span is {json.dumps(score)[:60]}, not a number")
        if not (source is None or isinstance(source, str)):
            raise record.error(f"the source of a span is {json.dumps(source)[:60]}, not a string")
        fragments = as_ranges(extra.get("fragments") or [], record, "fragments")
        return Span(start, end, label, None if score is None else float(score), source, fragments)


def as_ranges(values: Any, record: Record, name: str) -> tuple[tuple[int, int], ...]:
    """Character ranges from a list of [start, end] or of objects with start and end."""
    if not isinstance(values, list):
        raise record.error(f"{_kind(values)} instead of a list for {name!r}")
    ranges = []
    for value in values:
        pair = [value.get("start"), value.get("end")] if isinstance(value, dict) else value
        if not (isinstance(pair, list) and len(pair) == 2 and all(map(_is_int, pair))):
            raise record.error(
                f"{name!r} holds {json.dumps(value)[:60]}", "write [start, end], characters of the text"
            )
        ranges.append((pair[0], pair[1]))
    return tuple(ranges)


def _pieces(path: Path, intake: Intake) -> Iterator[str]:
    """The text of a UTF-8 file in pieces."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, first = 1, True
    with open_bytes(path) as file:
        while True:
            data = file.read(_CHUNK)
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                line += error.object.count(b"\n", 0, error.start)
                byte = error.object[error.start]
                raise intake.error(
                    "F003", f"not UTF-8: byte 0x{byte:02x}", line, remedy="convert it to UTF-8 first"
                ) from None
            line += text.count("\n")
            yield text.removeprefix(BOM) if first else text
            first = first and not text
            if not data:
                return


def _no_json(intake: Intake, error: Exception, line: int) -> DataError:
    """The error for JSON that can't be parsed, at the line where parsing stopped."""
    if isinstance(error, json.JSONDecodeError):
        what = f"{error.msg} at column {error.colno}"
        return intake.error("F006", f"not JSON (damaged or cut off): {what}", line + error.lineno - 1)
    what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    return intake.error("F006", f"not JSON: {what}", line)


def _refuse(name: str) -> None:
    """NaN and Infinity are no JSON."""
    raise ValueError(f"{name} is no JSON value")


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _kind(value: Any) -> str:
    """What a JSON value is, for messages."""
    names = {dict: "an object", list: "a list", str: "a string", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")
