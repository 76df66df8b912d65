"""Journal: what a mining run has finished so far, a line a block, so that a killed run goes on.

Floats are written so that they come back to the last bit; a run that goes on ends as one that was never
killed. A last line that is cut off is dropped.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from silversmith.core import Document
from silversmith.sources.example.pairs import Hit, Tested
from silversmith.sources.example.sentences import Sentence, sentences_of
from silversmith.sources.example.template_side import Strings

__all__ = ["Journal", "digest_of", "parts", "revive"]


SENTENCES = 256
"""A block ends with the document that brings it to so many sentences: the unit of going on after a kill."""


def parts(documents: Iterable[Document], *, spaced: bool) -> Iterator[tuple[list[Document], list[Sentence]]]:
    """Blocks of a corpus: documents, and all of their sentences."""
    block: list[Document] = []
    sentences: list[Sentence] = []
    for position, document in enumerate(documents):
        block.append(document)
        sentences += sentences_of(document, position, spaced=spaced)
        if len(sentences) >= SENTENCES or len(block) >= SENTENCES:
            yield block, sentences
            block, sentences = [], []
    if block:
        yield block, sentences


class Journal:
    """The finished blocks of a run. path: None keeps none. settings: whatever decides the result."""

    def __init__(self, path: Path | None, settings: dict[str, Any]) -> None:
        self.path, self.settings = path, json.loads(json.dumps(settings))
        self.records: list[dict[str, Any]] = []
        self._size = 0
        if path is not None and path.is_file():
            self._read(path)

    def matches(self, documents: Iterable[Document], *, spaced: bool) -> bool:
        """Whether the corpus begins with the documents of the finished blocks; else they are forgotten."""
        stream = parts(documents, spaced=spaced)
        for record in self.records:
            block, _ = next(stream, (None, None))
            if block is None or digest_of(block) != record["digest"]:
                self.records, self._size = [], 0
                return False
        return True

    def add(
        self, block: Sequence[Document], tested: Sequence[Tested], strings: Strings, counts: dict[str, Any]
    ) -> None:
        """One more finished block: its sentences' results, the strings that were new, the run's numbers."""
        if self.path is None:
            return
        record = {
            "digest": digest_of(block),
            "counts": counts,
            "sentences": [_plain(one) for one in tested],
            "strings": [[kind, text, sums] for (kind, text), sums in strings.items()],
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("r+b" if self._size else "wb") as file:
            if not self._size:
                self._write(file, {"settings": self.settings})
            file.seek(self._size)
            file.truncate()
            self._write(file, record)
            file.flush()
            os.fsync(file.fileno())

    def _write(self, file: Any, record: dict[str, Any]) -> None:
        """One line."""
        self._size += file.write(json.dumps(record, ensure_ascii=True).encode("ascii") + b"\n")

    def _read(self, path: Path) -> None:
        """The finished blocks, if the settings are those of this run."""
        with path.open("rb") as file:
            for number, line in enumerate(file):
                try:
                    record = json.loads(line) if line.endswith(b"\n") else None
                except ValueError:
                    record = None
                if record is None or (number == 0 and record.get("settings") != self.settings):
                    return
                self._size += len(line)
                if number:
                    self.records.append(record)


def digest_of(block: Sequence[Document]) -> str:
    """sha256 of what is read of some documents."""
    digest = hashlib.sha256()
    for one in block:
        digest.update(json.dumps([one.id, one.text, one.words, one.sentences]).encode("ascii") + b"\n")
    return digest.hexdigest()


def revive(sentence: Sentence, values: Sequence[Any]) -> Tested:
    """A sentence's result from its line."""
    floor, read, hits = values
    made = tuple(Hit(*hit) for hit in hits)
    return Tested(sentence, made, float("inf") if floor is None else floor, read)


def _plain(tested: Tested) -> list[Any]:
    """A sentence's result as JSON values."""
    hits = [[one.first, one.last, one.type, one.seed, one.score, one.mean] for one in tested.hits]
    return [None if tested.floor == float("inf") else tested.floor, tested.read, hits]
