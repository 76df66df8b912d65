"""The service: documents in, spans out, over HTTP.

POST /label  {"documents": [{"id": "a", "text": "..."}]}  ->  {"documents": [{"id": "a", "spans": [...]}]} GET
/schema  what a request and an answer are (JSON Schema);  GET /health;  GET /metrics (Prometheus' text form)

400 a request that is none, 413 too large, 429 too many wait (Retry-After says when to come back), 503 it
takes too long. Offsets are characters of the text, end exclusive.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from silversmith.core import Document
from silversmith.core.version import __version__
from silversmith.workbench.batching import Batcher, FullError
from silversmith.workbench.guarding import Guard

__all__ = ["Answer", "Asked", "Given", "Labelled", "Spanned", "make_service"]

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
        begin = time.monotonic()
        answer = await self._label(request)
        taken = time.monotonic() - begin
        with self._lock:
            self.codes[answer.status_code] += 1
            self.total += taken
            self.histogram[next((n for n, edge in enumerate(EDGES) if taken <= edge), len(EDGES))] += 1
        return answer

    async def schema(self, request: Request) -> Response:
        """The types of request and answer."""
        return JSONResponse({"request": Asked.model_json_schema(), "answer": Answer.model_json_schema()})

    async def health(self, request: Request) -> Response:
        """That it is up, and how many documents wait."""
        return JSONResponse({"status": "ok", "waiting": self.batcher.waiting, "version": __version__})

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

    async def _label(self, request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self.longest:
                return _refused(413, f"more than {self.longest:,} bytes")
        try:
            asked = Asked.model_validate_json(bytes(body))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "request"
            return _refused(400, f"{where}: {first['msg']}")
        if len(asked.documents) > self.most:
            return _refused(413, f"{len(asked.documents):,} documents, at most {self.most:,} at once")
        documents = [Document(f"{n}", one.text) for n, one in enumerate(asked.documents)]
        try:
            future = self.batcher.submit(documents)
        except FullError:
            return _refused(429, "too many documents wait", {"Retry-After": "1"})
        try:
            found = await asyncio.wait_for(asyncio.wrap_future(future), self.seconds)
        except TimeoutError:
            return _refused(503, f"not done within {self.seconds:g} s")
        answer = [
            {"id": given.id, "spans": [_span(span) for span in one.spans]}
            for given, one in zip(asked.documents, found, strict=True)
        ]
        return JSONResponse({"documents": answer})


def _span(span: Any) -> dict[str, Any]:
    record = {"start": span.start, "end": span.end, "label": span.label}
    return record if span.score is None else {**record, "score": round(span.score, 6)}


def _refused(status: int, why: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": why}, status_code=status, headers=headers)
