"""The review application: one page, and the few addresses that its script asks."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from silversmith.core import OUTSIDE, DataError, Document, Evidence, Vote
from silversmith.core.errors import SilversmithError
from silversmith.reports.colour import colour_css, hues
from silversmith.reports.explanation import explanation_css, explanation_html
from silversmith.reports.highlight import escaped
from silversmith.text import split_words
from silversmith.workbench.guarding import Guard
from silversmith.workbench.store import Case, Decision, Store

__all__ = ["Explain", "make_review"]

Explain = Callable[[Document, Vote], Evidence]
AROUND = 700
"""Characters of text shown on either side of a span."""
TOP = 3
SHOWN = 200
"""Similar spans that a preview lists."""


def make_review(
    store: Store,
    *,
    hosts: frozenset[str],
    token: str | None,
    who: str = "me",
    title: str = "Review",
    explain: Explain | None = None,
) -> Guard:
    """The application. explain: gives the evidence of a span; without it the page says what the silver
    says."""
    view = _View(store, who, title, explain)
    routes = [
        Route("/", view.page),
        Route("/review.js", view.script),
        Route("/review.css", view.style),
        Route("/api/next", view.next),
        Route("/api/similar", view.similar),
        Route("/api/why", view.why),
        Route("/api/progress", view.progress),
        Route("/api/decide", view.decide, methods=["POST"]),
        Route("/api/undo", view.undo, methods=["POST"]),
    ]
    app = Starlette(routes=routes, exception_handlers={SilversmithError: _refused})
    return Guard(app, hosts, token)


class _View:
    """The handlers. Whatever touches the file runs in a thread of the pool."""

    def __init__(self, store: Store, who: str, title: str, explain: Explain | None) -> None:
        self.store, self.who, self.title, self.explain = store, who, title, explain
        self.hues = hues(store.labels)

    async def page(self, request: Request) -> Response:
        """The page with the first span in it."""
        who = self._who(request)
        first = await run_in_threadpool(self._first, who)
        progress = await run_in_threadpool(self._progress)
        boot = json.dumps(
            {"case": first, "progress": progress, "labels": list(self.store.labels), "who": who}
        )
        text = _asset("review.html").replace("{title}", escaped(self.title)).replace("{boot}", escaped(boot))
        return Response(text, media_type="text/html; charset=utf-8")

    async def script(self, request: Request) -> Response:
        """The one script."""
        return Response(_asset("review.js"), media_type="text/javascript; charset=utf-8")

    async def style(self, request: Request) -> Response:
        """The style and the colours of the types."""
        return Response(
            explanation_css() + _asset("review.css") + colour_css(self.hues),
            media_type="text/css; charset=utf-8",
        )

    async def next(self, request: Request) -> Response:
        """The next span; ?after=N: behind one that was skipped."""
        after = request.query_params.get("after")
        number = int(after) if after and after.isdecimal() else None
        return JSONResponse({"case": await run_in_threadpool(self._first, self._who(request), number)})

    async def similar(self, request: Request) -> Response:
        """The spans that a decision would be applied to."""
        return JSONResponse(await run_in_threadpool(self._similar, _number(request)))

    async def why(self, request: Request) -> Response:
        """The evidence of a span, as HTML made of escaped text."""
        return JSONResponse({"html": await run_in_threadpool(self._why, _number(request))})

    async def progress(self, request: Request) -> Response:
        """Counts."""
        return JSONResponse(await run_in_threadpool(self._progress))

    async def decide(self, request: Request) -> Response:
        """A decision, about one span or all that are like it; answers with the next span."""
        given = await _body(request)
        return JSONResponse(await run_in_threadpool(self._decide, given, self._who(request)))

    async def undo(self, request: Request) -> Response:
        """Take back the last step; answers with its span."""
        return JSONResponse(await run_in_threadpool(self._undo, self._who(request)))

    def _who(self, request: Request) -> str:
        """The person: ?who= or the header, else the command's."""
        name = request.query_params.get("who") or unquote(request.headers.get("x-who", "")) or self.who
        return name[:80]

    def _first(self, who: str, after: int | None = None) -> dict[str, Any] | None:
        case = self.store.next(who, after=after)
        return None if case is None else self._shown(case)

    def _progress(self) -> dict[str, Any]:
        one = self.store.progress()
        return {
            "spans": one.spans, "decided": one.decided, "accepted": one.accepted, "rejected": one.rejected,
            "changed": one.changed, "before": one.before, "now": one.now,
        }  # fmt: skip

    def _similar(self, number: int) -> dict[str, Any]:
        cases = self.store.similar(number)
        passages = []
        for case in cases[:SHOWN]:
            text = self.store.document(case.document).text
            low, high = max(0, case.start - 50), min(len(text), case.end + 50)
            passages.append(
                {
                    "span": case.number,
                    "before": text[low : case.start],
                    "text": text[case.start : case.end],
                    "after": text[case.end : high],
                }
            )
        return {"count": len(cases), "passages": passages}

    def _why(self, number: int) -> str:
        case = self.store.case(number)
        document = self.store.document(case.document)
        classes = {label: n for n, label in enumerate(self.hues)}
        span = next(one for one in document.spans if (one.start, one.end) == (case.start, case.end))
        if self.explain is None:
            source = f" from {escaped(span.source)}" if span.source else ""
            rows = "".join(f"<li>{escaped(name)}: {p:.2f}</li>" for name, p in case.top)
            return f'<p class="hint">Labels{source}, with their probabilities:</p><ul>{rows}</ul>'
        place = (document.id, case.start, case.end)
        vote = Vote(*place, {span.label: 1.0 if span.score is None else span.score}, span.source or "")
        evidence = self.explain(document, vote)
        known = {
            name: min(1.0, math.exp(evidence.log_probability(name)))
            for name in evidence.calibration
            if name != OUTSIDE
        }
        if known and sum(known.values()) <= 1 + 1e-6:  # as the source says it, not rounded
            vote = Vote(*place, known, span.source or "")
        return explanation_html(document, vote, evidence, classes, limit=12)

    def _decide(self, given: dict[str, Any], who: str) -> dict[str, Any]:
        number = _integer(given, "span")
        one = Decision(
            number, str(given.get("action")), given.get("label"), _place(given, "start"), _place(given, "end")
        )
        decisions = [one]
        if given.get("similar"):
            if one.start is not None or one.end is not None:
                raise DataError("B012", "moved boundaries are of one span", remedy="decide that span alone")
            decisions = [Decision(case.number, one.action, one.label) for case in self.store.similar(number)]
        self.store.decide(decisions, who)
        return {"case": self._first(who), "progress": self._progress(), "decided": len(decisions)}

    def _undo(self, who: str) -> dict[str, Any]:
        spans = self.store.undo(who)
        case = self._shown(self.store.case(spans[0])) if spans else None
        return {"case": case, "progress": self._progress(), "undone": len(spans)}

    def _shown(self, case: Case) -> dict[str, Any]:
        """A span as the script draws it: text around it, offsets within that text."""
        document = self.store.document(case.document)
        low, high = _window(document.text, case.start, case.end)
        text = document.text[low:high]
        classes = {label: n for n, label in enumerate(self.hues)}
        others = [
            {
                "start": span.start - low,
                "end": span.end - low,
                "label": span.label,
                "hue": classes.get(span.label),
            }
            for span in document.spans
            if low <= span.start and span.end <= high and (span.start, span.end) != (case.start, case.end)
        ]
        return {
            "number": case.number, "document": document.id, "text": text, "offset": low,
            "start": case.start - low, "end": case.end - low, "label": case.label, "score": case.score,
            "top": [[name, p] for name, p in case.top[:TOP]], "similar": case.similar, "others": others,
            "words": split_words(text), "hue": classes.get(case.label), "certainty": case.certainty,
            "cut": [low > 0, high < len(document.text)],
        }  # fmt: skip


def _window(text: str, start: int, end: int) -> tuple[int, int]:
    """The characters shown: whole words around the span."""
    low, high = max(0, start - AROUND), min(len(text), end + AROUND)
    while low > 0 and not text[low - 1].isspace() and start - low < AROUND + 40:
        low -= 1
    while high < len(text) and not text[high].isspace() and high - end < AROUND + 40:
        high += 1
    return low, high


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object of a request. Raises DataError B013."""
    try:
        given = json.loads(await request.body())
        if not isinstance(given, dict):
            raise ValueError("no object")
    except ValueError as error:
        raise DataError("B013", f"a JSON object expected: {error}") from None
    return given


def _number(request: Request) -> int:
    return _integer(dict(request.query_params), "span")


def _integer(given: dict[str, Any], key: str) -> int:
    try:
        return int(given[key])
    except (KeyError, TypeError, ValueError):
        raise DataError("B013", f"{key}: a number expected") from None


def _place(given: dict[str, Any], key: str) -> int | None:
    return None if given.get(key) is None else _integer(given, key)


async def _refused(request: Request, error: Exception) -> Response:
    """A wrong request: one line, as on the command line."""
    return JSONResponse({"error": str(error)}, status_code=400)


def _asset(name: str) -> str:
    return (files("silversmith.workbench") / "static" / name).read_text(encoding="utf-8")
