"""A client of OpenAI-compatible chat servers: time-outs, retries, limits; the key never leaves the header."""

from __future__ import annotations

import http.client
import json
import os
import random
import ssl
import threading
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from silversmith.core import ConfigError
from silversmith.core.errors import LLMError

__all__ = ["Chat", "ChatClient", "ClientOptions"]

AGAIN = {408, 409, 425, 429, 500, 502, 503, 504, 529}
"""Statuses that may be otherwise next time."""


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """url: up to and with /v1. key_env: the environment variable that holds the key. tries: of one request.

    timeout: seconds of one try. wait, longest: seconds before the second try, doubled each time up to the
    longest; drawn between half and all of that. largest: bytes of an answer. structured: ask for JSON.
    """

    url: str
    model: str
    key_env: str = "OPENAI_API_KEY"
    timeout: float = 120.0
    tries: int = 8
    wait: float = 0.5
    longest: float = 60.0
    largest: int = 1_000_000
    tokens: int = 1024
    temperature: float = 0.0
    structured: bool = False


class Chat(Protocol):
    """What annotation needs of a server."""

    def body(self, message: str, shape: dict[str, Any] | None) -> dict[str, Any]:
        """The request for a message."""
        ...

    def ask(self, body: dict[str, Any]) -> dict[str, Any]:
        """{"text", "in", "out"}: the answer and its tokens."""
        ...

    def close(self) -> None:
        """Let go of connections; asking again opens new ones."""
        ...

    @property
    def place(self) -> str:
        """The server's address, for cache and manifest."""
        ...


class ChatClient:
    """One server. retries: how often a request was sent again, by reason. Safe for many threads."""

    def __init__(self, options: ClientOptions) -> None:
        parts = urlsplit(options.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigError(
                "J001", f"{options.url!r} is no address of a server", remedy="e.g. http://localhost:8000/v1"
            )
        if parts.username or parts.password:
            raise ConfigError(
                "J002", "the address carries a name or a key", remedy=f"put the key into ${options.key_env}"
            )
        self.options, self.parts = options, parts
        self.retries: dict[str, int] = {}
        self.lock, self.local = threading.Lock(), threading.local()
        self.until = 0.0
        self.open: list[http.client.HTTPConnection] = []

    @property
    def place(self) -> str:
        """The address."""
        return self.options.url.rstrip("/")

    def body(self, message: str, shape: dict[str, Any] | None) -> dict[str, Any]:
        """The request for a message; shape: JSON schema of the answer, for servers that can be bound."""
        options = self.options
        found: dict[str, Any] = {
            "model": options.model,
            "messages": [{"role": "user", "content": message}],
            "max_tokens": options.tokens,
            "temperature": options.temperature,
        }
        if options.structured and shape is not None:
            found["response_format"] = shape
        return found

    def ask(self, body: dict[str, Any]) -> dict[str, Any]:
        """Send a request until it is answered.

        Raises LLMError: J003 the key is missing or refused, J004 the server refuses the request, J005 no
        answer after all tries.
        """
        reason = ""
        for number in range(self.options.tries):
            self._pause(number)
            try:
                status, headers, data = self._send(json.dumps(body).encode())
            except (OSError, http.client.HTTPException) as error:
                self._drop()
                reason = type(error).__name__
            else:
                if status == 200:
                    try:
                        return _answer(data)
                    except (ValueError, KeyError, IndexError, TypeError):
                        reason = "an answer that is no chat completion"
                else:
                    self._refused(status, data)
                    reason = f"status {status}"
                    self._hold(headers.get("retry-after"))
            with self.lock:
                self.retries[reason] = self.retries.get(reason, 0) + 1
        raise LLMError(
            "J005",
            f"no answer after {self.options.tries} tries, the last: {reason}",
            where=self.place,
            remedy="look at the server; the same command goes on with what is answered",
        )

    def _refused(self, status: int, data: bytes) -> None:
        """Raise for statuses that no second try mends."""
        if status in {401, 403}:
            raise LLMError(
                "J003", f"the key is missing or refused (status {status})", where=self.place,
                remedy=f"put a valid key into the environment variable {self.options.key_env}",
            )  # fmt: skip
        if status not in AGAIN:
            told = data[:200].decode("utf-8", "replace").replace("\n", " ")
            key = os.environ.get(self.options.key_env)
            told = told.replace(key, "***") if key else told
            raise LLMError("J004", f"the request is refused (status {status}): {told}", where=self.place)

    def _send(self, data: bytes) -> tuple[int, dict[str, str], bytes]:
        """One try, on this thread's own connection."""
        connection = getattr(self.local, "connection", None) or self._connect()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key := os.environ.get(self.options.key_env):
            headers["Authorization"] = f"Bearer {key}"
        connection.request("POST", f"{self.parts.path.rstrip('/')}/chat/completions", data, headers)
        response = connection.getresponse()
        found = response.read(self.options.largest + 1)
        if len(found) > self.options.largest:
            self._drop()
            raise http.client.HTTPException("the answer is too large")
        heads = {name.lower(): value for name, value in response.getheaders()}
        if len(found) < int(heads.get("content-length", 0)):
            raise http.client.HTTPException("the answer was cut off")
        return response.status, heads, found

    def _connect(self) -> http.client.HTTPConnection:
        """A new connection of this thread."""
        host, port, timeout = str(self.parts.hostname), self.parts.port, self.options.timeout
        if self.parts.scheme == "https":
            context = ssl.create_default_context()
            made: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=timeout, context=context
            )
        else:
            made = http.client.HTTPConnection(host, port, timeout=timeout)
        self.local.connection = made
        with self.lock:
            self.open.append(made)
        return made

    def close(self) -> None:
        """Close the connections of all threads."""
        with self.lock:
            for one in self.open:
                one.close()
            self.open.clear()
        self.local = threading.local()

    def _drop(self) -> None:
        """Close this thread's connection: what it still holds belongs to no request."""
        if connection := getattr(self.local, "connection", None):
            connection.close()
            with self.lock:
                self.open.remove(connection)
        self.local.connection = None

    def _pause(self, number: int) -> None:
        """Wait before a try: what the server asked for, and longer each time."""
        own = 0.0
        if number:
            own = min(self.options.longest, self.options.wait * 2 ** (number - 1)) * random.uniform(0.5, 1.0)
        left = max(own, self.until - time.monotonic())
        if left > 0:
            time.sleep(left)

    def _hold(self, header: str | None) -> None:
        """All threads wait as long as the server says (Retry-After: seconds or a date)."""
        if header is None:
            return
        try:
            seconds = float(header)
        except ValueError:
            try:
                seconds = parsedate_to_datetime(header).timestamp() - time.time()
            except (TypeError, ValueError):
                return
        with self.lock:
            self.until = max(self.until, time.monotonic() + min(max(seconds, 0.0), self.options.longest))


def _answer(data: bytes) -> dict[str, Any]:
    """Text and tokens of a chat completion. Raises ValueError, KeyError, IndexError or TypeError."""
    record = json.loads(data)
    text = record["choices"][0]["message"]["content"]
    if not isinstance(text, str):
        raise TypeError("no text")
    usage = record.get("usage") or {}
    return {
        "text": text,
        "in": int(usage.get("prompt_tokens", 0)),
        "out": int(usage.get("completion_tokens", 0)),
    }
