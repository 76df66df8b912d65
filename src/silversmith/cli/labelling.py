"""Labelling: the loop that `label` and `demo` share, from documents to silver documents and their numbers."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Protocol

from silversmith.core import Document, Evidence, Vote, blocks
from silversmith.text import check_language, split_words

__all__ = ["Labeller", "Totals", "label_blocks", "say", "silver_document", "warn_of_language"]

FIRST = 20
"""Documents whose language is checked."""
DIGITS = 6


class Labeller(Protocol):
    """What the commands need of a source. uncovered: documents with a word that was not read."""

    uncovered: int

    def label(self, documents: Iterable[Document]) -> Iterator[list[Vote]]:
        """Votes a document."""
        ...

    def explain(self, document: Document, vote: Vote) -> Evidence:
        """Why."""
        ...


@dataclass(slots=True)
class Totals:
    """Numbers of a run: documents, words, spans by type, documents not wholly read, seconds of labelling."""

    documents: int = 0
    words: int = 0
    uncovered: int = 0
    seconds: float = 0.0
    types: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Any]:
        """Plain values, with spans and words_per_second."""
        return {
            "documents": self.documents,
            "words": self.words,
            "spans": self.types.total(),
            "types": dict(sorted(self.types.items())),
            "uncovered": self.uncovered,
            "seconds": round(self.seconds, 3),
            "words_per_second": round(self.words / self.seconds) if self.seconds else 0,
        }

    @classmethod
    def of_json(cls, values: dict[str, Any]) -> Totals:
        """From `to_json`."""
        kept = {key: values[key] for key in ("documents", "words", "uncovered", "seconds")}
        return cls(**kept, types=Counter(values["types"]))

    def line(self) -> str:
        """The closing line of a command."""
        spans = f"{self.types.total():,} span{'' if self.types.total() == 1 else 's'}"
        if self.types:
            spans += f" ({', '.join(f'{name} {count:,}' for name, count in self.types.most_common())})"
        cover = (
            f"{self.uncovered:,} documents not wholly read"
            if self.uncovered
            else "every word read (coverage 100 %)"
        )
        speed = self.words / self.seconds if self.seconds else 0.0
        documents = f"{self.documents:,} document{'' if self.documents == 1 else 's'}"
        return f"{documents}, {self.words:,} words, {spans}, {cover}, {speed:,.0f} words/s"


def label_blocks(
    source: Labeller, documents: Iterable[Document], totals: Totals, top: int
) -> Iterator[tuple[list[Document], list[Document], list[list[Vote]]]]:
    """(documents, silver documents, votes) of each block; `totals` grows with them."""
    for block in blocks(documents):
        before, begin = source.uncovered, time.perf_counter()
        votes = list(source.label(block))
        totals.seconds += time.perf_counter() - begin
        totals.uncovered += source.uncovered - before
        silver = [silver_document(*pair, top) for pair in zip(block, votes, strict=True)]
        totals.documents += len(block)
        totals.words += sum(len(split_words(one.text)) for one in block)
        totals.types.update(span.label for one in silver for span in one.spans)
        yield block, silver, votes


def silver_document(document: Document, votes: Sequence[Vote], top: int) -> Document:
    """The document with one span a vote; meta["votes"] lists each one's `top` best labels."""
    from dataclasses import replace

    spans = [replace(vote.span(), score=round(vote.span().score or 0.0, DIGITS)) for vote in votes]
    meta = dict(document.meta)
    meta.pop("votes", None)
    if top and votes:
        meta["votes"] = [
            {
                "start": vote.start,
                "end": vote.end,
                "top": [[name, round(value, DIGITS)] for name, value in vote.top(top)],
            }
            for vote in votes
        ]
    return replace(document, spans=tuple(spans), meta=meta)


def warn_of_language(documents: Iterable[Document]) -> Iterator[Document]:
    """Pass documents on; one line on stderr if the first ones don't look English."""
    stream = iter(documents)
    first = list(islice(stream, FIRST))
    warning = check_language((one.id, one.text) for one in first).warning()
    if warning:
        say(f"warning: {warning}")
    yield from chain(first, stream)


def say(line: str) -> None:
    """One line for the user on stderr, where it stays out of the result."""
    sys.stderr.write(f"silversmith: {line}\n")
    sys.stderr.flush()
