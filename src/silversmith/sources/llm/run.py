"""Annotating documents: passages to requests, answers to spans; concurrent, cached, within a budget."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from silversmith.core import Document, Span
from silversmith.core.errors import LLMError
from silversmith.sources.llm.cache import AnswerCache, request_key
from silversmith.sources.llm.client import Chat
from silversmith.sources.llm.parsing import parse_answer
from silversmith.sources.llm.passages import LONGEST, passages_of
from silversmith.sources.llm.prompting import Prompt
from silversmith.text.grounding import ground

__all__ = ["Annotator", "Counts", "Prices", "estimate"]

LETTERS = 4
"""Characters of a token, about."""
ANSWER = 0.6
"""Tokens of an answer for one of the text, about (measure your own on a few documents)."""
NAME = "llm"


@dataclass(frozen=True, slots=True)
class Prices:
    """Money for a million tokens read and written; budget: stop before more is spent (None: no limit)."""

    read: float = 0.0
    written: float = 0.0
    budget: float | None = None

    def of(self, read: int, written: int) -> float:
        """What so many tokens cost."""
        return (read * self.read + written * self.written) / 1e6


@dataclass(slots=True)
class Counts:
    """What happened. asked: requests sent; known: answers from the cache; left: reason -> answers' parts."""

    documents: int = 0
    passages: int = 0
    asked: int = 0
    known: int = 0
    spans: int = 0
    read: int = 0
    written: int = 0
    left: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "documents": self.documents, "passages": self.passages, "asked": self.asked, "known": self.known,
            "spans": self.spans, "tokens_read": self.read, "tokens_written": self.written,
            "left_out": dict(sorted(self.left.items())),
        }  # fmt: skip


def estimate(documents: Iterable[Document], prompt: Prompt, prices: Prices) -> dict[str, float]:
    """Requests, tokens and money that annotating would take, before anything is sent."""
    requests = read = written = 0
    for document in documents:
        for start, end in passages_of(document):
            requests += 1
            read += (len(prompt.template) + end - start) // LETTERS
            written += int(ANSWER * (end - start) / LETTERS)
    return {"requests": requests, "read": read, "written": written, "cost": prices.of(read, written)}


class Annotator:
    """A server with a prompt. workers: requests at once. cache: of answers. counts: see Counts."""

    def __init__(
        self,
        chat: Chat,
        prompt: Prompt,
        cache: AnswerCache | None = None,
        *,
        workers: int = 8,
        prices: Prices | None = None,
        longest: int = LONGEST,
    ) -> None:
        self.chat, self.prompt, self.cache = chat, prompt, cache or AnswerCache(None)
        self.workers, self.prices, self.longest = workers, prices or Prices(), longest
        self.counts, self.lock = Counts(), threading.Lock()

    def annotate(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Documents with their annotations as spans, in order; `workers` requests run at once.

        Raises LLMError J003 to J005 of the client, J007 when the budget is spent; answers are cached.
        """
        waiting: deque[tuple[Document, list[tuple[int, int]], list[Future[str]]]] = deque()
        pool = ThreadPoolExecutor(self.workers)
        try:
            for document in documents:
                places = list(passages_of(document, self.longest))
                texts = [document.text[start:end] for start, end in places]
                waiting.append((document, places, [pool.submit(self._answer, text) for text in texts]))
                while sum(len(one[2]) for one in waiting) > 4 * self.workers:
                    yield self._done(*waiting.popleft())
            while waiting:
                yield self._done(*waiting.popleft())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            self.chat.close()

    def request(self, text: str) -> dict[str, Any]:
        """The body for a passage."""
        return self.chat.body(self.prompt.fill(text), self.prompt.shape())

    def key(self, body: dict[str, Any]) -> str:
        """Of a request, in the cache."""
        return request_key(self.chat.place, body)

    def _answer(self, text: str) -> str:
        """The answer to one passage, from the cache or the server."""
        body = self.request(text)
        key = self.key(body)
        known = self.cache.get(key)
        if known is not None:
            with self.lock:
                self.counts.known += 1
            return str(known["text"])
        spent = self.prices.of(self.counts.read, self.counts.written)
        if self.prices.budget is not None and spent >= self.prices.budget:
            raise LLMError(
                "J007",
                f"the budget is spent: {spent:.2f} of {self.prices.budget:.2f}",
                where=self.chat.place,
                remedy="raise --budget; the same command goes on with what is answered",
            )
        found = self.chat.ask(body)
        with self.lock:
            self.counts.asked += 1
            self.counts.read += found["in"] or (len(self.prompt.template) + len(text)) // LETTERS
            self.counts.written += found["out"] or len(found["text"]) // LETTERS
        self.cache.put(key, found)
        return str(found["text"])

    def _done(
        self, document: Document, places: list[tuple[int, int]], answers: list[Future[str]]
    ) -> Document:
        """A document with the spans that its answers ground."""
        spans: dict[Span, None] = {}
        unfounded = []
        for (start, end), answer in zip(places, answers, strict=True):
            passage = document.text[start:end]
            pairs, left = parse_answer(answer.result(), self.prompt.types)
            self.counts.left += left
            for phrase, kind in pairs:
                found = ground(passage, phrase)
                if not found:
                    unfounded.append([phrase, kind])
                for low, high in found:
                    spans[Span(start + low, start + high, kind, source=NAME)] = None
        self.counts.documents += 1
        self.counts.passages += len(places)
        self.counts.spans += len(spans)
        self.counts.left["not in the text"] += len(unfounded)
        made = document.with_spans(spans)
        if not unfounded:
            return made
        return Document(
            made.id, made.text, made.spans, made.words, made.sentences, {**made.meta, "ungrounded": unfounded}
        )
