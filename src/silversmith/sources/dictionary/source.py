"""Dictionary: the source that finds the terms of a list, and says how its entries speak for each type.

A match of an entry that was seen n_t times with type t (n in all) has, with the trust r in the list,

    p(t) = r n_t / n        and "no entity" the rest

One entry a place: the leftmost, then the longest. With `choice` "drawn" (the paper's) the type of each place
is drawn by n_t / n, from document, place and term alone, so that no order or sharding changes it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from silversmith.core import (
    Artefact,
    DataError,
    Document,
    Evidence,
    Leaf,
    Schema,
    Vote,
    write_artefact,
)
from silversmith.core.errors import nearest
from silversmith.sources.dictionary.entries import Entries, Entry
from silversmith.sources.dictionary.gazetteers import read_gazetteer
from silversmith.text.matching import Match

__all__ = ["KIND", "NAME", "Dictionary", "DictionaryOptions"]

NAME = KIND = "dictionary"
FILE = "entries.tsv"


class DictionaryOptions(BaseModel):
    """trust: probability that a match is an entity at all. choice: types of a term with several. skip_lower:
    matches of at most so many tokens without a capital are none (rule 9; 0: all count). hyphens, case: see
    text.matching. keep: spans that a document has already are never touched."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trust: float = Field(default=0.9, gt=0, lt=1)
    choice: Literal["shares", "drawn"] = "shares"
    skip_lower: int = Field(default=0, ge=0)
    hyphens: bool = False
    case: bool = False
    keep: bool = False


class Dictionary:
    """A list of terms, ready to match. Needs no model."""

    name: ClassVar[str] = NAME

    def __init__(self, entries: Entries, options: DictionaryOptions | None = None) -> None:
        self.entries, self.options = entries, options or DictionaryOptions()
        self.uncovered = 0  # every character of a text is looked at

    @classmethod
    def prepare(
        cls, schema: Schema | None, entries: Iterable[Entry], *, options: DictionaryOptions | None = None
    ) -> Dictionary:
        """From entries; their types must be of the schema, if there is one.

        Raises DataError L001 no term, L006 a type that the schema has not.
        """
        options = options or DictionaryOptions()
        made = Entries.of(entries, hyphens=options.hyphens, case=options.case)
        for kind in made.types if schema is not None else ():
            if schema is not None and kind not in schema.names:
                raise DataError(
                    "L006",
                    f"a term of the type {kind!r}, which the schema has not",
                    remedy=nearest(kind, schema.names),
                )
        return cls(made, options)

    @classmethod
    def open(cls, folder: Path | str) -> Dictionary:
        """From its folder. Raises ModelError A001 to A004."""
        artefact = Artefact.open(folder, KIND)
        options = DictionaryOptions(**artefact.manifest["options"])
        return cls.prepare(None, read_gazetteer(artefact.path(FILE)).entries, options=options)

    def save(self, folder: Path | str, **fields: Any) -> None:
        """Write the table and the options; fields go into the manifest."""
        options = self.options.model_dump(mode="json")
        with write_artefact(folder, KIND, options=options, types=list(self.entries.types), **fields) as aside:
            self.entries.write(aside / FILE)

    def settings(self) -> dict[str, Any]:
        """Whatever decides the votes."""
        digest = hashlib.sha256()
        for one in self.entries.rows():
            digest.update(f"{one.term}\t{one.type}\t{one.count:g}\n".encode())
        return {"entries": digest.hexdigest(), "options": self.options.model_dump(mode="json")}

    def label(self, documents: Iterable[Document]) -> Iterator[list[Vote]]:
        """Votes a document, in order."""
        for document in documents:
            fixed = _merged(document) if self.options.keep else ()
            found = self.entries.matcher.find(document.text, fixed, skip_lower=self.options.skip_lower)
            yield [self._vote(document, match) for match in found]

    def type_spans(self, documents: Iterable[Document], *, outside: bool = False) -> Iterator[list[Vote]]:
        """A vote for each span that the documents carry: what the list says of its string.

        outside: whether "no entity" is allowed; else the probabilities are those of the types alone. A string
        that is no entry has probability 0 for each type.
        """
        for document in documents:
            votes = []
            for span in document.spans:
                number = self._number(document.text[span.start : span.end])
                if number is None:
                    chances = dict.fromkeys(self.entries.types, 0.0)
                else:
                    vote = self._vote(document, Match(span.start, span.end, number))
                    total = 1.0 if outside else sum(vote.probabilities.values())
                    chances = {name: p / total for name, p in vote.probabilities.items()}
                votes.append(Vote(document.id, span.start, span.end, chances, NAME))
            yield votes

    def explain(self, document: Document, vote: Vote) -> Evidence:
        """The entry's counts, and the trust in the list."""
        text = document.text[vote.start : vote.end]
        number = self._number(text)
        if number is None:
            return Evidence((Leaf("no entry", {}),), {}, ({"text": text, "rule": "not in the list"},))
        chances = self._chances(document.id, Match(vote.start, vote.end, number))
        shares = Leaf(
            f'entry "{self.entries.shown[number]}"',
            {kind: math.log(share) for kind, share in chances.items()},
            {"counts": self._counts(number)},
        )
        trust = Leaf("trust in the list", dict.fromkeys(chances, math.log(self.options.trust)))
        support: dict[str, Any] = {"text": self.entries.shown[number], "rule": "leftmost, longest"}
        if self.entries.ids[number]:
            support["ids"] = list(self.entries.ids[number])
        if self.options.choice == "drawn" and len(self.entries.counts[number]) > 1:
            support["rule"] += "; type drawn by the entry's counts"
        return Evidence((shares, trust), dict.fromkeys(chances, 0.0), (support,))

    def _vote(self, document: Document, match: Match) -> Vote:
        chances = self._chances(document.id, match)
        scaled = {kind: share * self.options.trust for kind, share in chances.items()}
        return Vote(document.id, match.start, match.end, scaled, NAME)

    def _number(self, text: str) -> int | None:
        matcher = self.entries.matcher
        return matcher.numbers.get(matcher.key(text))

    def _counts(self, number: int) -> dict[str, float]:
        """Type -> count of an entry."""
        return {
            self.entries.types[kind]: count for kind, count in sorted(self.entries.counts[number].items())
        }

    def _chances(self, document: str, match: Match) -> dict[str, float]:
        """Type -> share of an entry's counts; or the one type that was drawn."""
        counts = self._counts(match.term)
        total = sum(counts.values())
        if self.options.choice == "shares" or len(counts) == 1:
            return {kind: count / total for kind, count in counts.items()}
        mark = f"{document}\0{match.start}\0{self.entries.shown[match.term]}".encode()
        draw = np.random.default_rng(int.from_bytes(hashlib.sha256(mark).digest()[:8], "little"))
        kinds = list(counts)
        chosen = draw.choice(len(kinds), p=np.array([counts[kind] / total for kind in kinds]))
        return {kinds[int(chosen)]: 1.0}


def _merged(document: Document) -> list[tuple[int, int]]:
    """The document's spans as ranges that don't overlap."""
    found: list[tuple[int, int]] = []
    for span in document.spans:
        if found and span.start < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], span.end))
        else:
            found.append((span.start, span.end))
    return found
