"""The service: documents in, spans out, over HTTP.

POST /label  {"documents": [{"id": "a", "text": "..."}]}  ->  {"documents": [{"id": "a", "spans": [...]}]}
GET /schema  what a request and an answer are (JSON Schema);  GET /health
GET /metrics  counts, in Prometheus' text form
POST /setup, /predict, /webhook  what Label Studio asks of a machine learning backend

400 a request that is none, 413 too large, 429 too many wait (Retry-After says when to come back), 503 it
takes too long. Offsets are characters of the text, end exclusive.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from silversmith.core import Document
from silversmith.core.version import __version__
from silversmith.workbench.batching import Batcher, FullError
from silversmith.workbench.guarding import Guard
from silversmith.workbench.labelstudio import VERSION, Configuration, Predict, prediction

__all__ = ["Answer", "Asked", "Given", "Labelled", "Spanned", "make_service"]

Body = TypeVar("Body", bound=BaseModel)
EDGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds: bounds of the histogram."""


class Given(BaseModel):
    """One document of a request."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(default="", max_length=1000)
    text: str


class Asked(BaseModel):
    """A request."""

    model_config = ConfigDict(extra="forbid")

    documents: list[Given] = Field(min_length=1)


class Spanned(BaseModel):
    """A span of an answer."""

    start: int
    end: int
    label: str
    score: float | None = None


class Labelled(BaseModel):
    """One document of an answer."""

    id: str
    spans: list[Spanned]


class Answer(BaseModel):
    """An answer: the request's documents, in order."""

    documents: list[Labelled]


def make_service(
    batcher: Batcher,
    *,
    hosts: frozenset[str] | None,
    longest: int = 10 << 20,
    most: int = 256,
    seconds: float = 60.0,
) -> Guard:
    """The application. longest: bytes of a request. most: documents in one. seconds: until 503."""
    service = _Service(batcher, longest, most, seconds)
    routes = [
        Route("/label", service.label, methods=["POST"]),
        Route("/schema", service.schema),
        Route("/health", service.health),
        Route("/metrics", service.metrics),
        Route("/setup", service.setup, methods=["POST"]),
        Route("/predict", service.predict, methods=["POST"]),
        Route("/webhook", service.webhook, methods=["POST"]),
    ]
    return Guard(Starlette(routes=routes), hosts, None, own=False, longest=longest)


class _Service:
    """The handlers and their counts."""

    def __init__(self, batcher: Batcher, longest: int, most: int, seconds: float) -> None:
        self.batcher, self.longest, self.most, self.seconds = batcher, longest, most, seconds
        self.codes: Counter[int] = Counter()
        self.histogram: Counter[int] = Counter()
        self.total = 0.0
        self._lock = threading.Lock()

    async def label(self, request: Request) -> Response:
        """Label documents."""
        return await self._counted(self._label(request))

    async def schema(self, request: Request) -> Response:
        """The types of request and answer."""
        return JSONResponse({"request": Asked.model_json_schema(), "answer": Answer.model_json_schema()})

    async def health(self, request: Request) -> Response:
        """That it is up, and how many documents wait."""
        return JSONResponse(
            {
                "status": "ok",
                "model_class": "silversmith",
                "waiting": self.batcher.waiting,
                "version": __version__,
            }
        )

    async def metrics(self, request: Request) -> Response:
        """Counts for Prometheus."""
        with self._lock:
            lines = ["# TYPE silversmith_requests_total counter"]
            lines += [
                f'silversmith_requests_total{{code="{code}"}} {n}' for code, n in sorted(self.codes.items())
            ]
            lines.append("# TYPE silversmith_request_seconds histogram")
            count = 0
            for n, edge in enumerate(EDGES):
                count += self.histogram[n]
                lines.append(f'silversmith_request_seconds_bucket{{le="{edge:g}"}} {count}')
            count += self.histogram[len(EDGES)]
            lines.append(f'silversmith_request_seconds_bucket{{le="+Inf"}} {count}')
            lines += [
                f"silversmith_request_seconds_sum {self.total:.6f}",
                f"silversmith_request_seconds_count {count}",
            ]
        lines += [
            "# TYPE silversmith_documents_total counter",
            f"silversmith_documents_total {self.batcher.documents}",
            "# TYPE silversmith_batches_total counter",
            f"silversmith_batches_total {self.batcher.batches}",
            "# TYPE silversmith_waiting_documents gauge",
            f"silversmith_waiting_documents {self.batcher.waiting}",
        ]
        return PlainTextResponse("\n".join(lines) + "\n")

    async def setup(self, request: Request) -> Response:
        """Label Studio: the project may use the service."""
        return JSONResponse({"model_version": VERSION})

    async def webhook(self, request: Request) -> Response:
        """Label Studio: something was annotated; nothing here learns from that."""
        return JSONResponse({})

    async def predict(self, request: Request) -> Response:
        """Label Studio: spans of tasks."""
        return await self._counted(self._predict(request))

    async def _counted(self, answering: Coroutine[Any, Any, Response]) -> Response:
        begin = time.monotonic()
        try:
            answer = await answering
        except _RefusedError as refused:
            answer = JSONResponse({"error": refused.why}, refused.status, refused.headers)
        taken = time.monotonic() - begin
        with self._lock:
            self.codes[answer.status_code] += 1
            self.total += taken
            self.histogram[next((n for n, edge in enumerate(EDGES) if taken <= edge), len(EDGES))] += 1
        return answer

    async def _label(self, request: Request) -> Response:
        asked = await self._asked(request, Asked)
        found = await self._found([one.text for one in asked.documents])
        answer = [
            {"id": given.id, "spans": [_span(span) for span in one.spans]}
            for given, one in zip(asked.documents, found, strict=True)
        ]
        return JSONResponse({"documents": answer})

    async def _predict(self, request: Request) -> Response:
        asked = await self._asked(request, Predict)
        try:
            chosen = Configuration.of(asked.label_config)
            texts = [chosen.text_of(one) for one in asked.tasks]
        except ValueError as error:
            raise _RefusedError(400, str(error)) from None
        found = await self._found(texts) if texts else []
        return JSONResponse({"results": [prediction(one, chosen) for one in found]})

    async def _asked(self, request: Request, shape: type[Body]) -> Body:
        """The body. Raises _RefusedError 400, 413."""
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self.longest:
                raise _RefusedError(413, f"more than {self.longest:,} bytes")
        try:
            return shape.model_validate_json(bytes(body))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "request"
            raise _RefusedError(400, f"{where}: {first['msg']}") from None

    async def _found(self, texts: Sequence[str]) -> Sequence[Document]:
        """The documents with spans. Raises _RefusedError 413, 429, 503."""
        if len(texts) > self.most:
            raise _RefusedError(413, f"{len(texts):,} documents, at most {self.most:,} at once")
        try:
            future = self.batcher.submit([Document(f"{n}", one) for n, one in enumerate(texts)])
        except FullError:
            raise _RefusedError(429, "too many documents wait", {"Retry-After": "1"}) from None
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self.seconds)
        except TimeoutError:
            raise _RefusedError(503, f"not done within {self.seconds:g} s") from None


class _RefusedError(Exception):
    """A request that gets no spans."""

    def __init__(self, status: int, why: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(why)
        self.status, self.why, self.headers = status, why, headers


def _span(span: Any) -> dict[str, Any]:
    record = {"start": span.start, "end": span.end, "label": span.label}
    return record if span.score is None else {**record, "score": round(span.score, 6)}
