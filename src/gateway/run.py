"""Serves a gateway, with its admin address beside it."""

from __future__ import annotations

import asyncio
from functools import partial

from starlette.routing import Router

from ..core.host import Host
from ..server import log
from ..server.run import Worker, serve_app
from ..server.sockets import close, listen
from .admin import admin_app, served_beside
from .app import Gateway, check_sources, open_store
from .settings import Settings


def serve_gateway(host: Host, settings: Settings, log_format: log.Format, log_level: str) -> None:
    """Serve a gateway and its admin address until SIGTERM or SIGINT, then finish what is in flight.

    Raises:
        InvalidSettings: the host does not know the type of a source, or one of its settings.
        StoreUnusable, StoreBusy: the store cannot be opened.
        OSError: an address is taken, or is not an address of this machine.
        SystemExit: with code 1 if the gateway cannot start, or its worker had to be killed.
    """
    log.configure(log_format, log_level)
    check_sources(host, settings)
    asyncio.run(open_store(settings).close())  # report a problem here, not in a worker
    close(listen(*settings.gateway.admin_address))  # as above
    worker = Worker(partial(_gateway_beside_admin, host, settings), log_format, log_level)
    serve_app(worker, host=settings.gateway.host, port=settings.gateway.port, workers=1)


def _gateway_beside_admin(host: Host, settings: Settings) -> Router:
    gateway = Gateway(host, settings)
    gateway.contexts.append(served_beside(admin_app(gateway), *settings.gateway.admin_address))
    return gateway.app
