"""The source transformer as an ASGI app: what an unmodified rudder-server calls at `DEST_TRANSFORM_URL`."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Router
from starlette.types import Lifespan, Receive, Scope, Send

from ..core.host import Host
from ..server.route_path import route_path
from .array import ArrayEndpoint
from .metrics import TransformerMetrics
from .options import TransformerOptions
from .pages import Pages
from .rejected_file import RejectedFile
from .upstream import Upstream

_SOURCE_PATH = re.compile(r"/([^/]+)/sources/([^/]+)(/hydrate)?/?")
_NOT_FOUND = PlainTextResponse("Not Found", HTTPStatus.NOT_FOUND)


def transformer_app(host: Host, options: TransformerOptions | None = None) -> Router:
    """The transformer, to serve, or to mount in another app whose lifespan runs this one's.

    Args:
        host: the sources it answers for; its own `body_limit` bounds the body of each element.
        options: the defaults if there are none.

    Raises:
        ValueError: the upstream is not a URL.
        OSError: the file for rejected records cannot be opened.
    """
    options = options or TransformerOptions()
    metrics = TransformerMetrics()
    rejected = RejectedFile(options.rejected) if options.rejected else None
    upstream = Upstream(options.upstream) if options.upstream else None

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        yield
        if upstream is not None:
            await upstream.close()
        if rejected is not None:
            rejected.close()

    arrays = ArrayEndpoint(host, metrics, rejected, options)
    return _Transformer(arrays, Pages(metrics, upstream), upstream, lifespan)


class _Transformer(Router):
    """A router that uses Starlette's lifespan, but not its routes.

    A Starlette route takes as long as mapping an event, and does not tell `%2F` from a slash.
    """

    def __init__(
        self, arrays: ArrayEndpoint, pages: Pages, upstream: Upstream | None, lifespan: Lifespan[Any]
    ) -> None:
        super().__init__(redirect_slashes=False, lifespan=lifespan)
        self._arrays = arrays
        self._pages = pages
        self._upstream = upstream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        path, method = route_path(scope), scope["method"]
        match = _SOURCE_PATH.fullmatch(path)
        if match is None:
            page = await self._pages.get(path) if method in ("GET", "HEAD") else None
            await (page or self._upstream or _NOT_FOUND)(scope, receive, send)
            return
        version, source = unquote(match[1]), unquote(match[2]).lower()
        is_array = version == "v2" and method == "POST" and not match[3]
        if is_array and (self._upstream is None or self._arrays.has_source(source)):
            await self._arrays.answer(source, scope, receive, send)
        else:
            response = self._upstream or _not_served(version, source, method)
            await response(scope, receive, send)


def _not_served(version: str, source: str, method: str) -> Response:
    """The answer of rudder-server's own transformer to a call below `/sources/` that it does not serve."""
    if method != "POST":
        return _NOT_FOUND
    if version != "v2":
        return PlainTextResponse("RouteActivationMiddleware route is disabled", HTTPStatus.NOT_FOUND)
    return JSONResponse({"error": f"Source {source} not supported for hydration"}, HTTPStatus.NOT_FOUND)
