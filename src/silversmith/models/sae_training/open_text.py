"""Open text for training: any format of silversmith, a folder of JSON lines, packed or not."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from silversmith.core.errors import ConfigError, DataError
from silversmith.formats import read

__all__ = ["choose_text", "passages", "texts"]

CHARACTERS = 8
"""Characters a piece at most, on average: enough text is chosen whatever the tokenizer."""
LONGEST = 16_000
"""Characters of a passage."""
LINES = ("*.jsonl", "*.jsonl.gz", "*.jsonl.xz")


def texts(path: Path, format: str | None = None) -> Iterator[str]:
    """The texts at a path, streamed.

    A folder of `.jsonl`, `.jsonl.gz` or `.jsonl.xz` files is read file by file; the rest as
    `silversmith.formats` reads it. Raises DataError F001 to F020; ConfigError S051 for stdin.
    """
    if str(path) == "-":
        raise ConfigError("S051", "the text is read twice, so it can't be stdin", remedy="write it to a file")
    files = sorted(one for pattern in LINES for one in path.glob(pattern)) if path.is_dir() else [path]
    if format is None and files:
        for file in files:
            yield from _packed(file) if file.suffix == ".xz" else _read(file, None)
        return
    yield from _read(path, format)


def _read(path: Path, format: str | None) -> Iterator[str]:
    return (document.text for document in read(path, format))


def _packed(path: Path) -> Iterator[str]:
    """The texts of JSON lines packed with xz."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield json.loads(line)["text"]
            except (ValueError, KeyError, TypeError):
                raise DataError("F006", 'expected an object with "text"', path=path, line=number) from None


def choose_text(path: Path, tokens: int, seed: int, format: str | None = None) -> list[str]:
    """Passages in a seeded random order of documents, enough for `tokens` pieces if there are as many.

    The text is read twice and only what is chosen is kept: memory follows `tokens`, not the corpus.
    Raises DataError S053 if there is no word in it.
    """
    sizes = np.array([len(text) for text in texts(path, format)])
    if not sizes.sum():
        raise DataError("S053", "no text in it", path=path)
    order = np.random.default_rng(seed).permutation(len(sizes))
    needed = int(np.searchsorted(np.cumsum(sizes[order]), tokens * CHARACTERS)) + 1
    place = {int(number): position for position, number in enumerate(order[:needed])}
    chosen = [""] * len(place)
    for number, text in enumerate(texts(path, format)):
        if number in place:
            chosen[place[number]] = text
    return [passage for text in chosen for passage in passages(text) if passage.strip()]


def passages(text: str, longest: int = LONGEST) -> Iterator[str]:
    """The text in parts of at most `longest` characters, cut at a line end or blank where there is one."""
    while len(text) > longest:
        cut = max(text.rfind("\n", longest // 2, longest), text.rfind(" ", longest // 2, longest))
        cut = longest if cut < 0 else cut + 1
        yield text[:cut]
        text = text[cut:]
    yield text
