"""Serving the admin address beside the gateway: in its process, its event loop and its time."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
import uvicorn
from starlette.types import ASGIApp

GRACE_SECONDS = 1
"""How long calls under way may take when the gateway ends; then they are cut off."""
_CALLS = 200
_log = structlog.get_logger("springhead.admin")


class _Beside(uvicorn.Server):
    """A server that leaves the process's signals to the one it runs beside."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served_beside(app: ASGIApp, host: str, port: int) -> AsyncIterator[None]:
    """Serve an app until the end of the block.

    By uvicorn, not by a second Granian: that one cannot cut off a client who reads nothing, or sends half a
    request, and would wait for it when the gateway ends.

    Raises:
        OSError: the address is taken, or none of this machine's.
    """
    listening = _listening(host, port)
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_CALLS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Beside(config)
    serving = asyncio.create_task(server.serve([listening]), name="admin")
    _log.info("admin page", address=f"{host}:{listening.getsockname()[1]}")
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def _listening(host: str, port: int) -> socket.socket:
    family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    one = socket.socket(family, kind)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(address)
        one.listen()
    except OSError:
        one.close()
        raise
    return one
