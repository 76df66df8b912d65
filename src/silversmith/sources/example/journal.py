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
from typing import Any, NamedTuple

from silversmith.core import Document
from silversmith.sources.example.pairs import Hit, Tested
from silversmith.sources.example.sentences import Sentence, sentences_of
from silversmith.sources.example.template_side import Strings

__all__ = ["SHARD", "Block", "Journal", "Record", "digest_of", "make_record", "parts", "revive", "shards_of"]

SENTENCES = 256
"""A block ends with the document that brings it to so many sentences: the unit of going on after a kill."""
SHARD = 32 * SENTENCES
"""A shard ends with the block that brings it to so many: the unit of work on several machines."""
Record = dict[str, Any]


class Block(NamedTuple):
    """Documents and all of their sentences. shard: its number."""

    shard: int
    documents: list[Document]
    sentences: list[Sentence]


def parts(documents: Iterable[Document], *, spaced: bool) -> Iterator[Block]:
    """A corpus in blocks."""
    block = Block(0, [], [])
    tested = 0
    for position, document in enumerate(documents):
        block.documents.append(document)
        block.sentences.extend(sentences_of(document, position, spaced=spaced))
        if len(block.sentences) >= SENTENCES or len(block.documents) >= SENTENCES:
            yield block
            tested += max(len(block.sentences), len(block.documents))
            full = tested >= SHARD
            tested = 0 if full else tested
            block = Block(block.shard + full, [], [])
    if block.documents:
        yield block


def shards_of(documents: Iterable[Document], *, spaced: bool) -> list[tuple[int, int, int]]:
    """(first document, end, blocks) of each shard of a corpus."""
    found: list[tuple[int, int, int]] = []
    for block in parts(documents, spaced=spaced):
        if len(found) == block.shard:
            end = found[-1][1] if found else 0
            found.append((end, end, 0))
        first, end, count = found[-1]
        found[-1] = (first, end + len(block.documents), count + 1)
    return found


class Journal:
    """The finished blocks of a run. path: None keeps none. settings: whatever decides the result.

    Of a long run no more is held in memory than where each block's line is and the digest of its text.
    """

    def __init__(self, path: Path | None, settings: dict[str, Any]) -> None:
        self.path, self.settings = path, json.loads(json.dumps(settings))
        self._lines: list[tuple[int, str]] = []
        self._size = 0
        if path is not None and path.is_file():
            self._read(path)

    def __len__(self) -> int:
        """Finished blocks."""
        return len(self._lines)

    def records(self) -> Iterator[Record]:
        """The blocks that are finished by now, in order."""
        lines = self._lines[:]
        if not lines or self.path is None:
            return
        with self.path.open("rb") as file:
            for place, _ in lines:
                file.seek(place)
                yield json.loads(file.readline())

    def matches(self, documents: Iterable[Document], *, spaced: bool) -> bool:
        """Whether the corpus begins with the documents of the finished blocks; else they are forgotten."""
        stream = parts(documents, spaced=spaced)
        for _, digest in self._lines:
            block = next(stream, None)
            if block is None or digest_of(block.documents) != digest:
                self._lines, self._size = [], 0
                return False
        return True

    def cut(self, count: int) -> None:
        """Forget all blocks but the first `count`."""
        if count < len(self._lines):
            self._size = self._lines[count][0]
            del self._lines[count:]

    def add(self, record: Record) -> None:
        """One more finished block."""
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("r+b" if self._size else "wb") as file:
            if not self._size:
                self._write(file, {"settings": self.settings})
            file.seek(self._size)
            file.truncate()
            self._lines.append((self._size, record["digest"]))
            self._write(file, record)
            file.flush()
            os.fsync(file.fileno())

    def _write(self, file: Any, record: Record) -> None:
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
                if number:
                    self._lines.append((self._size, record["digest"]))
                self._size += len(line)


def make_record(
    block: Sequence[Document], tested: Sequence[Tested], strings: Strings, counts: dict[str, int]
) -> Record:
    """A finished block as JSON values: its sentences' results, the strings that were new, what it took."""
    return {
        "digest": digest_of(block),
        "counts": counts,
        "sentences": [_plain(one) for one in tested],
        "strings": [[kind, text, sums] for (kind, text), sums in strings.items()],
    }


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
