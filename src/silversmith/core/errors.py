"""Every error that silversmith raises on purpose.

    SilversmithError                 what went wrong, where, what to do (exit code 2, no traceback)
    +- DataError                     a text, an annotation, a file format
    +- ConfigError                   a schema, an option, a project file
    +- ModelError                    weights, tokenizers, artefacts made for another model
    +- LLMError                      an LLM server

Anything else that escapes is a fault of ours and keeps its traceback (exit code 1).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = ["ConfigError", "DataError", "LLMError", "ModelError", "SilversmithError", "nearest"]


class SilversmithError(Exception):
    """A mistake that the user can mend; printed as one line.

    code: stable and searchable, e.g. "D003"; docs/reference/errors.md lists them all.
    what: cause, in a few words. where: file (and line), key or document. remedy: what to do next.
    """

    def __init__(
        self,
        code: str,
        what: str,
        *,
        path: Path | str | None = None,
        line: int | None = None,
        where: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.code, self.what, self.remedy = code, what, remedy
        self.path, self.line = (None if path is None else str(path)), line
        place = self.path or ""
        if place and line is not None:
            place += f":{line}"
        self.where = ", ".join(part for part in (place, where) if part) or None
        super().__init__(str(self))

    def __reduce__(self) -> tuple[Any, ...]:
        """It crosses from process to process as it is."""
        return _again, (type(self), self.args, self.__dict__)

    def __str__(self) -> str:
        """The one line that a user sees."""
        text = f"[{self.code}] " + (f"{self.where}: " if self.where else "") + self.what
        text += f" ({self.remedy})" if self.remedy else ""
        return " ".join(text.split())


def _again(kind: type[SilversmithError], args: tuple[Any, ...], fields: dict[str, Any]) -> SilversmithError:
    made = kind.__new__(kind, *args)
    made.__dict__.update(fields)
    return made


class DataError(SilversmithError):
    """A text, annotation or data file that can't be used; names file, line and document."""


class ConfigError(SilversmithError):
    """A schema, option or project file that can't be used; names the key."""


class ModelError(SilversmithError):
    """Weights, a tokenizer or an artefact that can't be used; names the file."""


class LLMError(SilversmithError):
    """An LLM server that refused or answered nonsense; never carries a key."""


def nearest(name: str, valid: Iterable[str]) -> str:
    """A remedy that names the nearest valid spelling: 'did you mean "examples"? valid: ...'."""
    options = sorted(valid)
    close = difflib.get_close_matches(name, options, n=1)
    hint = f'did you mean "{close[0]}"? ' if close else ""
    return f"{hint}valid: {', '.join(options)}"
