"""LLM: the source that asks a chat server for spans of a schema's types."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from silversmith.core import Artefact, Document, Evidence, Leaf, Schema, Vote, write_artefact
from silversmith.sources.llm.cache import AnswerCache
from silversmith.sources.llm.client import Chat
from silversmith.sources.llm.prompting import schema_prompt
from silversmith.sources.llm.run import NAME, Annotator

__all__ = ["KIND", "LLM"]

KIND = "llm-types"
FILE = "prompt.txt"


class LLM:
    """A schema with a server. trust: probability that an answered span is an entity of its type; where one
    span got several types they share it."""

    name: ClassVar[str] = NAME

    def __init__(
        self, schema: Schema, chat: Chat, *, trust: float = 0.8, cache: Path | None = None, workers: int = 8
    ) -> None:
        self.schema, self.chat, self.trust = schema, chat, trust
        self.prompt = schema_prompt(schema)
        self.annotator = Annotator(chat, self.prompt, AnswerCache(cache), workers=workers)
        self.uncovered = 0

    @classmethod
    def prepare(cls, schema: Schema, chat: Chat, **options: Any) -> LLM:
        """Nothing is sent. Raises ConfigError J010: a schema without a type."""
        return cls(schema, chat, **options)

    @classmethod
    def open(cls, folder: Path | str, chat: Chat, **options: Any) -> LLM:
        """From its folder. Raises ModelError A001 to A004."""
        made = Artefact.open(folder, KIND).manifest
        return cls(Schema.model_validate(made["schema"]), chat, trust=made["trust"], **options)

    def save(self, folder: Path | str, **fields: Any) -> None:
        """Write schema, trust and the prompt as it is sent; never a key."""
        schema = self.schema.model_dump(mode="json")
        with write_artefact(
            folder, KIND, schema=schema, trust=self.trust, prompt=self.prompt.mark, **fields
        ) as aside:
            (aside / FILE).write_text(self.prompt.template, encoding="utf-8")

    def settings(self) -> dict[str, Any]:
        """Whatever decides the votes."""
        return {"prompt": self.prompt.mark, "server": self.chat.place, "trust": self.trust}

    def label(self, documents: Iterable[Document]) -> Iterator[list[Vote]]:
        """Votes a document, in order. Raises LLMError as Annotator.annotate."""
        for found in self.annotator.annotate(documents):
            yield self._votes(found)

    def explain(self, document: Document, vote: Vote) -> Evidence:
        """The answer's word for it, and the trust in answers."""
        kinds = [kind for kind, p in vote.probabilities.items() if p > 0]
        leaves = (
            Leaf("answered", dict.fromkeys(kinds, -math.log(len(kinds))) if kinds else {}),
            Leaf("trust in answers", dict.fromkeys(kinds, math.log(self.trust))),
        )
        support = {"rule": f"prompt {self.prompt.mark}", "text": document.text[vote.start : vote.end]}
        return Evidence(leaves, dict.fromkeys(kinds, 0.0), (support,))

    def _votes(self, found: Document) -> list[Vote]:
        """One vote a place."""
        places: dict[tuple[int, int], list[str]] = {}
        for span in found.spans:
            places.setdefault((span.start, span.end), []).append(span.label)
        return [
            Vote(found.id, start, end, dict.fromkeys(sorted(set(kinds)), self.trust / len(set(kinds))), NAME)
            for (start, end), kinds in sorted(places.items())
        ]
