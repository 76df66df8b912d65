"""Help text of a command, taken from its docstring: the description, and the examples as they are typed."""

from __future__ import annotations

import inspect
import re

__all__ = ["help_text"]

SECTION = re.compile(r"^(Args|Arguments|Returns|Yields|Raises|Examples?|Notes?):\s*$", re.MULTILINE)
VERBATIM = "\b\n"
"""Typer's mark for a paragraph that must not be wrapped."""


def help_text(docstring: str | None) -> tuple[str, str]:
    """Description and examples of a command's docstring (Google style); other sections are for code.

    The examples come back with the mark that keeps their lines; "" if there are none.
    """
    parts = SECTION.split(inspect.cleandoc(docstring or ""))
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    examples = sections.get("Examples") or sections.get("Example") or ""
    lines = inspect.cleandoc(examples).splitlines()
    return parts[0].strip(), (
        VERBATIM + "\n".join(["Examples:", *(f"  {line}" for line in lines)])
    ) if lines else ""
