"""Serves the admin address beside the gateway, in the gateway's own process and event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from starlette.types import ASGIApp

from ...server.asgi import AsgiServer
from ...server.sockets import join_address, listen

_GRACE_SECONDS = 1
"""How long requests in flight may take when the gateway ends; then they are cut off."""
_CONNECTIONS = 200

_log = structlog.get_logger()


@asynccontextmanager
async def served_beside(app: ASGIApp, host: str, port: int) -> AsyncIterator[None]:
    """Serve an app until the end of the block.

    Raises:
        OSError: the address is taken, or is not an address of this machine.
    """
    sockets = listen(host, port)
    server = AsgiServer(app, connections=_CONNECTIONS, grace_seconds=_GRACE_SECONDS)
    serving = asyncio.create_task(server.serve(sockets), name="admin")
    _log.info("admin page", address=join_address(host, sockets[0].getsockname()[1]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving
