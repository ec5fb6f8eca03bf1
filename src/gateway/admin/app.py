"""The admin address as an ASGI app: a gateway in; its page, status, metrics and dead letters out."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ...core.errors import SpringheadError
from ...server import log
from ...server.metrics import CONTENT_TYPE
from ..app import Gateway
from ..health import Health
from .auth import Guard
from .dead_letters import DeadLetters
from .sign_in import SignIn
from .stream import Live

_POLICY = (
    "default-src 'none'; script-src {script}; style-src {style}; connect-src 'self'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_log = structlog.get_logger("springhead.admin")


def admin_app(gateway: Gateway) -> Guard:
    """The admin address of a gateway, to serve in its event loop. Its lifespan feeds the live stream."""
    page = files(__package__).joinpath("page.html").read_text("utf-8")
    admin, dead = _Admin(gateway, page), DeadLetters(gateway)
    health = Health(gateway.store, gateway.delivery, shows_errors=True)

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        async with admin.live.running():
            yield

    app = Starlette(
        routes=[
            Route("/", admin.page),
            Route("/metrics", admin.metrics),
            Route("/health", health.health),
            Route("/ready", health.ready),
            Route("/api/status", admin.status),
            Route("/api/events", admin.events),
            *dead.routes,
        ],
        exception_handlers={SpringheadError: _unavailable, Exception: _failed},
        lifespan=lifespan,
    )
    sign_in = SignIn(_content(page, "style"))
    return Guard(app, gateway.settings.gateway, policy_of(page), sign_in)


def policy_of(page: str) -> str:
    """The Content-Security-Policy under which the page's own style and script run, and nothing else.

    Trusted Types have the browser refuse markup made of text: what a sender sent stays text.
    """
    return _POLICY.format(script=_hash(page, "script"), style=_hash(page, "style"))


def _hash(page: str, element: str) -> str:
    digest = hashlib.sha256(_content(page, element).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _content(page: str, element: str) -> str:
    (content,) = re.findall(f"<{element}>(.*?)</{element}>", page, re.DOTALL)
    return str(content)


class _Admin:
    def __init__(self, gateway: Gateway, page: str) -> None:
        self.live = Live(gateway)
        self._gateway = gateway
        self._page = page

    async def page(self, _: Request) -> Response:
        return HTMLResponse(self._page)

    async def metrics(self, _: Request) -> Response:
        counts = await self._gateway.store.counts()
        return Response(self._gateway.metrics.text(counts), media_type=CONTENT_TYPE)

    async def status(self, _: Request) -> Response:
        return JSONResponse(await self.live.status())

    async def events(self, _: Request) -> Response:
        return StreamingResponse(self.live.stream(), media_type="text/event-stream")


async def _unavailable(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 503)


async def _failed(_: Request, error: Exception) -> Response:
    _log.error("failed", error=type(error).__name__, at=log.where(error))
    return JSONResponse({"error": "internal error: the log says where"}, 500)
