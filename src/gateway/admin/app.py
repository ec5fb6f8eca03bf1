"""The admin address as an ASGI app: the live page, status, metrics, dead letters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ...core.errors import SpringheadError
from ...server import log
from ...server.metrics import CONTENT_TYPE
from ..app import Gateway
from .auth import AuthMiddleware
from .dead_letters import DeadLetters
from .stream import LiveStream

_SCRIPTS = ("dom", "status", "events", "call", "letter_actions", "letters", "stream")
_ASSETS = ("page.css", *(f"{name}.js" for name in _SCRIPTS))
_MEDIA_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
_log = structlog.get_logger()


def admin_app(gateway: Gateway) -> AuthMiddleware:
    """The admin address of a gateway, to serve in its event loop. Its lifespan feeds the live stream."""
    admin, dead_letters = _Admin(gateway), DeadLetters(gateway)

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        async with admin.live.running():
            yield

    app = Starlette(
        routes=[
            _asset("/", "page.html"),
            *(_asset(f"/{name}", name) for name in _ASSETS),
            Route("/metrics", admin.metrics),
            Route("/health", gateway.health.health),
            Route("/ready", gateway.health.ready),
            Route("/api/status", admin.status),
            Route("/api/events", admin.events),
            *dead_letters.routes,
        ],
        exception_handlers={SpringheadError: _unavailable, Exception: _failed},
        lifespan=lifespan,
    )
    return AuthMiddleware(app, gateway.settings.gateway)


def _asset(path: str, name: str) -> Route:
    content = files(__package__).joinpath("page", name).read_bytes()
    media_type = _MEDIA_TYPES[name.rpartition(".")[2]]

    async def asset(_: Request) -> Response:
        return Response(content, media_type=media_type)

    return Route(path, asset)


class _Admin:
    def __init__(self, gateway: Gateway) -> None:
        self.live = LiveStream(gateway)
        self._gateway = gateway

    async def metrics(self, _: Request) -> Response:
        return Response(await self._gateway.metrics_text(), media_type=CONTENT_TYPE)

    async def status(self, _: Request) -> Response:
        return JSONResponse(await self.live.status())

    async def events(self, _: Request) -> Response:
        return StreamingResponse(self.live.messages(), media_type="text/event-stream")


async def _unavailable(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 503)


async def _failed(_: Request, error: Exception) -> Response:
    _log.error("admin call failed", error=type(error).__name__, at=log.where(error))
    return JSONResponse({"error": "internal error: the log says where"}, 500)
