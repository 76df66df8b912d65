"""Guarding: who may speak to the workbench. It listens on this machine alone, and to nobody else's pages.

Requests need the Host that was announced (a foreign name that resolves to this machine is refused, so that no
page can rebind its name), state-changing ones its Origin, and all of them the token of this start, as a
cookie.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs

__all__ = ["COOKIE", "Guard"]

COOKIE = "silversmith"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Guard:
    """An ASGI application in front of another.

    hosts: "127.0.0.1:8765" and its like (None: any). token: None: not asked for. own: whether a request that
    changes something must name its Origin, as pages do and programs don't; a foreign one is refused either
    way. longest: bytes of a request's body.
    """

    def __init__(
        self,
        app: App,
        hosts: frozenset[str] | None,
        token: str | None,
        *,
        own: bool = True,
        longest: int = 1 << 20,
    ) -> None:
        self.app, self.hosts, self.token, self.own, self.longest = app, hosts, token, own, longest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _answer(send, *refusal)
            return
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        fresh = self.token is not None and secrets.compare_digest(given, self.token)

        async def headed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                added = dict(HEADERS)
                if fresh:
                    added["set-cookie"] = f"{COOKIE}={self.token}; Path=/; HttpOnly; SameSite=Strict"
                message["headers"] = [
                    *message.get("headers", []),
                    *((name.encode(), value.encode()) for name, value in added.items()),
                ]
            await send(message)

        await self.app(scope, receive, headed)

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        """(status, why) of what may not pass."""
        hosts = {headers.get("host", "")} if self.hosts is None else self.hosts
        if headers.get("host", "") not in hosts:
            return 403, "wrong Host"
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] not in hosts:
            return 403, "wrong Origin"
        if self.own and scope["method"] not in {"GET", "HEAD"} and origin is None:
            return 403, "no Origin"
        size = headers.get("content-length", "0") or "0"
        if not size.isdecimal() or int(size) > self.longest:
            return 413, f"more than {self.longest:,} bytes"
        if self.token is None:
            return None
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        known = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        if not secrets.compare_digest(given or (known.value if known else ""), self.token):
            return 401, "open the address that the command printed: it carries the key"
        return None


async def _answer(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode() + b"\n"})
