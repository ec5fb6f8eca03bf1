"""Runs an ASGI app on uvicorn, on sockets that are open already."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from .connection import Connection

IDLE_SECONDS = 75
"""How long a connection may be idle, and the head of a request may take. Some callers are idle for a minute."""


class AsgiServer(uvicorn.Server):
    """uvicorn, configured for both servers. It leaves the signals of the process alone.

    Args:
        app: the ASGI app.
        connections: the most connections kept at once; above it the one that has been idle longest is closed.
        grace_seconds: how long requests in flight may take when it ends.
    """

    def __init__(self, app: ASGIApp, *, connections: int, grace_seconds: int) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # it warns about every call that is not HTTP
        super().__init__(
            uvicorn.Config(
                app,
                loop="uvloop",
                http=partial(Connection, idle={}),  # type: ignore[arg-type] # whatever makes a connection will do
                ws="none",
                interface="asgi3",
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                limit_concurrency=connections,
                timeout_keep_alive=IDLE_SECONDS,
                timeout_graceful_shutdown=grace_seconds,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield
