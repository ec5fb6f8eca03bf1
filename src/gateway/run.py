"""Serves a gateway, with its admin address beside it."""

from __future__ import annotations

import asyncio
import socket
from functools import partial

from starlette.routing import Router

from ..core.host import Host
from ..server import log
from ..server.run import Worker, serve_app
from ..server.sockets import listen
from .admin import admin_app, served_beside
from .app import Gateway, check_sources
from .open_store import open_store
from .reload import Reloader
from .settings import Settings


def serve_gateway(host: Host, settings: Settings, log_format: log.Format, log_level: str) -> None:
    """Serve a gateway and its admin address until SIGTERM or SIGINT, then finish what is in flight.

    SIGHUP reloads the settings' sources.

    Raises:
        InvalidSettings: the host does not know the type of a source, or one of its settings.
        StoreUnusable, StoreBusy: the store cannot be opened.
        OSError: an address is taken, or is not an address of this machine.
        SystemExit: with code 1 if the gateway cannot start, or its worker had to be killed.
    """
    log.configure(log_format, log_level)
    check_sources(host, settings)
    asyncio.run(_try_store(settings))  # report a problem here, not in a worker
    admin = listen(*settings.gateway.admin_address)
    reloader = Reloader(host, settings)
    worker = Worker(partial(_gateway_beside_admin, host, reloader, admin), log_format, log_level)
    serve_app(
        worker,
        host=settings.gateway.host,
        port=settings.gateway.port,
        workers=settings.gateway.workers,
        beside=admin,
        on_hangup=reloader.reload,
    )


async def _try_store(settings: Settings) -> None:
    store = open_store(settings)
    try:
        await store.open(delivers=False)
    finally:
        await store.close()


def _gateway_beside_admin(host: Host, reloader: Reloader, admin: list[socket.socket], worker: int) -> Router:
    gateway = Gateway(host, reloader.settings, worker)
    gateway.contexts.append(served_beside(admin_app(gateway), admin))
    gateway.contexts.append(reloader.reloading(gateway))
    return gateway.app
