"""Building an index: a part at a time, so that a killed build goes on, and documents can be added later."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silversmith.candidates.base import identity_of
from silversmith.core import DataError, Document, blocks, track, write_artefact
from silversmith.core.source import BLOCK
from silversmith.formats.extras import need
from silversmith.models.concepts import ConceptEncoder
from silversmith.sources.question.index import KIND, PhraseIndex
from silversmith.sources.question.near import FILE as NEAR
from silversmith.sources.question.near import write_near
from silversmith.sources.question.parts import ROTATION, Part, directions, write_part
from silversmith.sources.question.phrases import Phrases, read_phrases

__all__ = ["Growth", "Reader", "build_index", "distinct", "expected", "read_block"]

Reader = Callable[[int, list[Document]], list[Phrases]]
"""The phrases of a block: its number, and its documents without repeated ones."""

FLUSH = 32768
"""Phrases after which a part is closed, at the end of a block of documents."""
LARGE = 1_000_000
"""Phrases beyond which an inverted file is made by itself."""
PHRASES_A_WORD, CHARACTERS_A_WORD = 0.6, 6.0
"""Of English prose, with the candidates `open`."""
STATE = "state.json"


@dataclass
class Growth:
    """What a build has done. duplicates: documents whose text was there already, left out. words: of all
    documents that were read. resumed: phrases of an earlier, killed run."""

    documents: int = 0
    phrases: int = 0
    duplicates: int = 0
    resumed: int = 0
    seen: set[bytes] = field(default_factory=set)

    def line(self) -> str:
        """For the line of progress."""
        return f"{self.phrases:,} phrases"


def expected(characters: int, size: int) -> tuple[int, int]:
    """(phrases, bytes on disk) of a corpus, before it is read."""
    phrases = round(characters / CHARACTERS_A_WORD * PHRASES_A_WORD)
    sentence = 2 * size + 12
    return phrases, round(phrases * (2 * size + 64 + 22 + sentence / 8) + 1.3 * characters)


def build_index(
    documents: Iterable[Document],
    folder: Path | str,
    encoder: ConceptEncoder,
    proposer: Any,
    *,
    add: bool = False,
    total: int | None = None,
    approximate: bool | None = None,
    fields: dict[str, Any] | None = None,
    reader: Reader | None = None,
) -> tuple[PhraseIndex, Growth]:
    """Index documents; add: to what is in `folder` already. total: documents, for the time left.

    approximate: make the inverted file too (None: of more than a million phrases, where faiss is installed).
    reader: reads the phrases of a block (default: here).
    A killed build goes on from its last closed part when it is called with the same documents again. Raises
    DataError Y001: no document, or no phrase in any; ModelError Y020: `folder` is of another encoder;
    ConfigError F021: approximate, and faiss isn't installed.
    """
    if approximate:
        need("faiss", "search")
    folder = Path(folder)
    base = PhraseIndex.open(folder, encoder.identity()) if add else None
    held = None if base is None else base.manifest["files"]
    settings = {"model": encoder.identity(), "candidates": identity_of(proposer), "base": held}
    work = folder.with_name(folder.name + ".part")
    rotation = directions(encoder.background) if base is None else base.rotation
    run = _Build(work, settings, base, rotation)
    run.go(documents, reader or partial(_read_here, encoder=encoder, proposer=proposer), total)
    if not run.growth.phrases and base is None:
        shutil.rmtree(work, ignore_errors=True)
        raise DataError(
            "Y001", f"no phrase in {run.growth.documents:,} documents", remedy="give text with entities in it"
        )
    names = [f"part-{n:05}" for n in range(len(run.finished))]
    made = {**settings, "parts": names, "size": encoder.head.config.size, "phrases": run.total()}
    made |= {"documents": sum(one["documents"] for one in run.finished), **(fields or {})}
    made.pop("base")
    with write_artefact(folder, KIND, **made) as aside:
        np.save(aside / ROTATION, rotation, allow_pickle=False)
        for name in names:
            _take(work / name, aside / name)
        if approximate or (approximate is None and run.total() > LARGE and find_spec("faiss")):
            parts = [Part(aside / name) for name in names]
            write_near(aside / NEAR, [one.codes for one in parts], [one.scales for one in parts])
    shutil.rmtree(work, ignore_errors=True)
    return PhraseIndex.open(folder), run.growth


class _Build:
    """Parts in a work folder; state.json lists those that are closed."""

    def __init__(
        self, work: Path, settings: dict[str, Any], base: PhraseIndex | None, rotation: NDArray[np.float32]
    ) -> None:
        self.work, self.growth, self.rotation = work, Growth(), rotation
        self.settings = json.loads(json.dumps(settings | {"block": BLOCK}))
        self.finished: list[dict[str, Any]] = []
        known = json.loads((work / STATE).read_text("utf-8")) if (work / STATE).is_file() else {}
        if known.get("settings") == self.settings:
            self.finished = known["parts"]
        else:
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(parents=True)
            for part in base.parts if base else ():
                _take(part.folder, work / f"part-{len(self.finished):05}")
                self._close(len(part.offsets), len(part.phrases), None)
        for part in base.parts if base else ():
            self.growth.seen.update(_mark(one) for one in part.documents())

    def total(self) -> int:
        """Phrases of all parts."""
        return sum(one["phrases"] for one in self.finished)

    def go(self, documents: Iterable[Document], reader: Reader, total: int | None) -> None:
        """All documents; those of closed parts are only compared."""
        stream = iter(track(documents, "index", total, note=self.growth.line))
        first = 0
        for part in self.finished:
            if part["digest"] is None:
                continue  # of the index that is added to
            first += -(-part["read"] // BLOCK)
            if not self._same(stream, part):
                raise DataError(
                    "Y002",
                    "the documents are not those that the interrupted build began with",
                    path=self.work,
                    remedy=f"delete {self.work} to begin anew",
                )
            self.growth.resumed += part["phrases"]
            self.growth.phrases += part["phrases"]
        held: list[Document] = []
        found: list[Phrases] = []
        read = 0
        for number, whole in enumerate(blocks(stream), start=first):
            block, read = self._distinct(whole), read + len(whole)
            rows = reader(number, block)
            held += block
            found += rows
            self.growth.phrases += sum(len(one.places) for one in rows)
            if sum(len(one.places) for one in found) >= FLUSH:
                self._write(held, found, read)
                held, found, read = [], [], 0
        if held:
            self._write(held, found, read)

    def _distinct(self, documents: Sequence[Document]) -> list[Document]:
        """Documents whose text was not there before."""
        fresh = distinct(documents, self.growth.seen)
        self.growth.documents += len(fresh)
        self.growth.duplicates += len(documents) - len(fresh)
        return fresh

    def _same(self, stream: Iterator[Document], part: dict[str, Any]) -> bool:
        """Whether the next documents are those of a closed part."""
        digest = hashlib.sha256()
        for one in self._distinct(list(islice(stream, part["read"]))):
            digest.update(_mark(one))
        return digest.hexdigest() == str(part["digest"])

    def _write(self, documents: list[Document], found: list[Phrases], read: int) -> None:
        """Close a part. read: documents, repeated ones too."""
        folder = self.work / f"part-{len(self.finished):05}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        write_part(folder, documents, found, self.rotation)
        digest = hashlib.sha256(b"".join(map(_mark, documents))).hexdigest()
        self._close(len(documents), sum(len(one.places) for one in found), digest, read)

    def _close(self, documents: int, phrases: int, digest: str | None, read: int = 0) -> None:
        """Note a part that is whole."""
        self.finished.append({"documents": documents, "phrases": phrases, "digest": digest, "read": read})
        aside = self.work / f"{STATE}.new"
        aside.write_text(json.dumps({"settings": self.settings, "parts": self.finished}), encoding="utf-8")
        aside.replace(self.work / STATE)


def distinct(documents: Iterable[Document], seen: set[bytes]) -> list[Document]:
    """The documents whose text was not seen before; it is, from now on."""
    fresh = []
    for one in documents:
        if (mark := _mark(one)) not in seen:
            seen.add(mark)
            fresh.append(one)
    return fresh


def read_block(documents: Sequence[Document], encoder: ConceptEncoder, proposer: Any) -> list[Phrases]:
    """The phrases of each document of a block."""
    rows = dict(read_phrases(documents, encoder, proposer))
    return [rows[place] for place in range(len(documents))]


def _read_here(
    _: int, documents: Sequence[Document], *, encoder: ConceptEncoder, proposer: Any
) -> list[Phrases]:
    return read_block(documents, encoder, proposer)


def _mark(document: Document) -> bytes:
    """What makes a document another one: its text."""
    return hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).digest()


def _take(source: Path, target: Path) -> None:
    """A folder's files at another place, without a copy where the disk allows it."""
    target.mkdir()
    for path in sorted(source.iterdir()):
        try:
            os.link(path, target / path.name)
        except OSError:
            shutil.copy2(path, target / path.name)
