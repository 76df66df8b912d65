"""Serving: an application on this machine's own address, until it is told to stop."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any

from silversmith.core import ConfigError

__all__ = ["bind", "hosts_of", "serve"]


def bind(port: int, address: str = "127.0.0.1") -> socket.socket:
    """A listening socket. port 0: any free one. Raises ConfigError B020: the port is taken or not allowed."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((address, port))
    except OSError as error:
        made.close()
        what = "is in use" if error.errno == errno.EADDRINUSE else f"can't be used: {error.strerror}"
        raise ConfigError("B020", f"port {port} {what}", remedy="name another: --port 0 takes any") from None
    made.listen(128)
    return made


def hosts_of(listening: socket.socket) -> frozenset[str]:
    """What a browser on this machine may call it."""
    address, port = listening.getsockname()[:2]
    return frozenset(f"{name}:{port}" for name in (address, "127.0.0.1", "localhost"))


def serve(app: Any, listening: socket.socket, *, ready: Callable[[], None] | None = None) -> None:
    """Serve until interrupted; requests that run are finished first."""
    import uvicorn

    config = uvicorn.Config(
        app, log_level="error", access_log=False, lifespan="off", server_header=False,
        timeout_graceful_shutdown=10, h11_max_incomplete_event_size=64 * 1024,
    )  # fmt: skip
    if ready is not None:
        ready()
    uvicorn.Server(config).run(sockets=[listening])
