"""The source transformer as an ASGI app: what an unmodified rudder-server calls, at `DEST_TRANSFORM_URL`."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Router
from starlette.types import Lifespan, Receive, Scope, Send

from ..core.host import Host
from ..server.metrics import CONTENT_TYPE
from .array import Arrays
from .metrics import Metrics
from .options import TransformerOptions
from .rejected_file import RejectedFile
from .upstream import Upstream

SOURCES = {"supportSourceTransformV1": True, "upgradedToSourceTransformV2": True}
"""What the handshake says of sources: an array in, an array out, since rudder-server's v2."""
FEATURES = {"routerTransform": {}, "regulations": [], **SOURCES}
"""The whole of it where nothing is behind us that serves destinations."""

_BELOW_SOURCES = re.compile(r"/([^/]+)/sources/(.*)", re.DOTALL)


def transformer_app(host: Host, options: TransformerOptions | None = None) -> Router:
    """The transformer, to serve, or to mount in another app.

    Args:
        host: the sources it answers for; its own `body_limit` bounds each element's body.
        options: what is not to be as `TransformerOptions` has it.

    Raises:
        ValueError: the upstream is no URL.
        OSError: the file for rejected records cannot be opened.
    """
    options = options or TransformerOptions()
    metrics = Metrics()
    kept = RejectedFile(options.rejected) if options.rejected else None
    behind = Upstream(options.upstream) if options.upstream else None
    arrays = Arrays(host, metrics, kept, options)

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        yield
        if behind is not None:
            await behind.close()
        if kept is not None:
            kept.close()

    return _Transformer(arrays, behind, _About(metrics, behind), lifespan)


class _Transformer(Router):
    """Starlette's router for its lifespan, and past it every call.

    A route of its own takes as long as to map an event, and no path with a line break in it.
    """

    def __init__(
        self, arrays: Arrays, upstream: Upstream | None, about: _About, lifespan: Lifespan[Any]
    ) -> None:
        super().__init__(redirect_slashes=False, lifespan=lifespan)
        self._arrays = arrays
        self._about = about
        self._upstream = upstream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        found = _BELOW_SOURCES.match(_path(scope))
        if found is None:
            await self._about(scope, receive, send)
            return
        called, source = found[1], found[2].rstrip("/").lower()
        array = called == "v2" and scope["method"] == "POST" and not source.endswith("/hydrate")
        if array and (self._upstream is None or self._arrays.knows(source)):
            await self._arrays.answer(source, scope, receive, send)
        elif self._upstream is not None:
            await self._upstream(scope, receive, send)
        else:
            await _not_served(called, source, scope["method"])(scope, receive, send)


def _path(scope: Scope) -> str:
    """The path below where the app is mounted."""
    path: str = scope["path"]
    below = path.removeprefix(scope.get("root_path", ""))
    return below if below[:1] in ("", "/") else path


def _not_served(called: str, source: str, method: str) -> Response:
    """What rudder-server's own transformer says to a call below `/sources/` that it has no answer for."""
    if method != "POST":
        return PlainTextResponse("Not Found", HTTPStatus.NOT_FOUND)
    if called != "v2":
        return PlainTextResponse("RouteActivationMiddleware route is disabled", HTTPStatus.NOT_FOUND)
    name = source.removesuffix("/hydrate")
    return JSONResponse({"error": f"Source {name} not supported for hydration"}, HTTPStatus.NOT_FOUND)


class _About:
    """What is not an array: what this is and how it does, and who is asked for all else."""

    def __init__(self, metrics: Metrics, upstream: Upstream | None) -> None:
        self._counted = metrics
        self._upstream = upstream
        self._version = version("springhead")
        self._openapi = json.loads(files(__package__).joinpath("transformer.openapi.json").read_text("utf-8"))
        self._openapi["info"]["version"] = self._version
        self._pages: dict[str, Callable[[], Awaitable[Response]]] = {
            "/features": self._features,
            "/health": self._health,
            "/version": self._text,
            "/metrics": self._metrics,
            "/openapi.json": self._description,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = self._pages.get(_path(scope)) if scope["method"] in ("GET", "HEAD") else None
        if page is not None:
            await (await page())(scope, receive, send)
        elif self._upstream is not None:
            await self._upstream(scope, receive, send)
        else:
            await PlainTextResponse("Not Found", HTTPStatus.NOT_FOUND)(scope, receive, send)

    async def _features(self) -> Response:
        if self._upstream is None:
            return JSONResponse(FEATURES)
        status, theirs = await self._upstream.features()
        if status == HTTPStatus.OK:
            return JSONResponse(FEATURES | theirs | SOURCES)
        # 404 makes rudder-server take what it has built in, any other status keep what it knows.
        kept = HTTPStatus.NOT_FOUND if status == HTTPStatus.NOT_FOUND else HTTPStatus.SERVICE_UNAVAILABLE
        return PlainTextResponse("the upstream does not say its features", kept)

    async def _health(self) -> Response:
        return JSONResponse({"service": "UP", "version": self._version})

    async def _text(self) -> Response:
        return PlainTextResponse(self._version)

    async def _metrics(self) -> Response:
        return Response(self._counted.text(), media_type=CONTENT_TYPE)

    async def _description(self) -> Response:
        return JSONResponse(self._openapi)
