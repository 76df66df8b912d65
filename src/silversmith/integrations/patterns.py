"""Regular expressions as labelling functions, from a table: type, pattern, probability."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from silversmith.core import DataError, Document
from silversmith.integrations.functions import CERTAIN, Functions, LabellingFunction

__all__ = ["pattern", "read_patterns"]


def pattern(kind: str, expression: str, probability: float = CERTAIN) -> LabellingFunction:
    """What a regular expression matches: its group named `span`, else its first group, else all of it.

    Raises DataError I020 for an expression that is none.
    """
    try:
        compiled = re.compile(expression)
    except re.error as error:
        raise DataError("I020", f"{expression!r} is no regular expression: {error}") from None
    group: str | int = "span" if "span" in compiled.groupindex else min(1, compiled.groups)

    def find(document: Document) -> Iterator[tuple[int, int, str, float]]:
        for match in compiled.finditer(document.text):
            start, end = match.span(group)
            if end > start:
                yield start, end, kind, probability

    return LabellingFunction(f"/{expression}/", (kind,), find)


def read_patterns(path: Path | str) -> Functions:
    """A source of the patterns of a tab-separated file: type, expression, probability (may be missing).

    Lines that begin with # are comments. Raises DataError I020 (file and line named), I021: none in it.
    """
    path = Path(path)
    found = []
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError("I021", f"no table of patterns: {error}", path=path) from None
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        kind, _, rest = line.partition("\t")
        expression, _, given = rest.partition("\t")
        try:
            p = float(given) if given.strip() else CERTAIN
            if not (kind.strip() and expression and 0 < p <= 1):
                raise ValueError("expected type, tab, expression")
            found.append(pattern(kind.strip(), expression, p))
        except (ValueError, DataError) as error:
            message = error.what if isinstance(error, DataError) else str(error)
            raise DataError("I020", message, path=path, line=number) from None
    if not found:
        raise DataError("I021", "no pattern in it", path=path, remedy="write type, tab, expression")
    return Functions(found)
