"""Serves the admin address beside the gateway, in the gateway's own process and event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from starlette.types import ASGIApp

from ...server.asgi import AsgiServer
from ...server.sockets import join_address

_GRACE_SECONDS = 1
"""How long requests in flight may take when the gateway ends; then they are cut off."""
_CONNECTIONS = 200

_log = structlog.get_logger()


@asynccontextmanager
async def served_beside(app: ASGIApp, sockets: list[socket.socket]) -> AsyncIterator[None]:
    """Serve an app on these sockets, which workers may share, until the end of the block."""
    server = AsgiServer(app, connections=_CONNECTIONS, grace_seconds=_GRACE_SECONDS)
    serving = asyncio.create_task(server.serve(sockets), name="admin")
    _log.info("admin page", address=join_address(*sockets[0].getsockname()[:2]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving
