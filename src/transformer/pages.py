"""Answers what is not an array: features, health, version, metrics and the OpenAPI description."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from importlib.metadata import version
from importlib.resources import files

from starlette.responses import JSONResponse, PlainTextResponse, Response

from ..server.metrics import CONTENT_TYPE
from .metrics import TransformerMetrics
from .upstream import Upstream

_SOURCE_FEATURES = {"supportSourceTransformV1": True, "upgradedToSourceTransformV2": True}
"""The part of the handshake about sources: rudder-server then posts arrays in the format of v2."""
_FEATURES = {"routerTransform": {}, "regulations": [], **_SOURCE_FEATURES}
"""The whole handshake if there is no upstream for destinations."""


class Pages:
    """The pages at fixed paths, for GET and HEAD."""

    def __init__(self, metrics: TransformerMetrics, upstream: Upstream | None) -> None:
        self._prometheus = metrics
        self._upstream = upstream
        self._version = version("springhead")
        self._openapi = json.loads(files(__package__).joinpath("transformer.openapi.json").read_text("utf-8"))
        self._openapi["info"]["version"] = self._version
        self._pages: dict[str, Callable[[], Awaitable[Response]]] = {
            "/features": self._features,
            "/health": self._health,
            "/version": self._plain_version,
            "/buildVersion": self._plain_version,
            "/transformerBuildVersion": self._plain_version,
            "/metrics": self._metrics,
            "/openapi.json": self._description,
        }

    async def get(self, path: str) -> Response | None:
        """The page at a path, if there is one."""
        page = self._pages.get(path)
        return None if page is None else await page()

    async def _features(self) -> Response:
        if self._upstream is None:
            return JSONResponse(_FEATURES)
        status, features = await self._upstream.features()
        if status == HTTPStatus.OK:
            return JSONResponse(_FEATURES | features | _SOURCE_FEATURES)
        # At 404 rudder-server uses its built-in features; at any other error it keeps those it has.
        answered = HTTPStatus.NOT_FOUND if status == HTTPStatus.NOT_FOUND else HTTPStatus.SERVICE_UNAVAILABLE
        return PlainTextResponse("the upstream does not answer /features", answered)

    async def _health(self) -> Response:
        return JSONResponse({"service": "UP", "version": self._version})

    async def _plain_version(self) -> Response:
        return PlainTextResponse(self._version)

    async def _metrics(self) -> Response:
        return Response(self._prometheus.text(), media_type=CONTENT_TYPE)

    async def _description(self) -> Response:
        return JSONResponse(self._openapi)
