"""Reports whether the gateway is up, whether it can store events now, and its version."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable
from importlib.metadata import version
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ..core.errors import SpringheadError
from .delivery import Delivery
from .ingest.responses import NOT_STARTED
from .settings import Settings, SourceSettings
from .storage.store import Store

_PROBE_SECONDS = 1.0
"""How long the result of a probe is valid: each writes to the disk, and anybody may ask."""


class Health:
    """The health routes, for senders and for operators."""

    def __init__(self, store: Store, delivery: Delivery, settings: Settings) -> None:
        self._store = store
        self.use_sources(settings.source)
        self._delivery = delivery
        self._data = settings.gateway.data
        self._probing = asyncio.Lock()
        self._probed_at = -_PROBE_SECONDS
        self._problem = ""
        self._version = version("springhead")
        self._openapi = json.loads(files(__package__).joinpath("gateway.openapi.json").read_text("utf-8"))
        self._openapi["info"]["version"] = self._version
        if settings.gateway.public_url:
            self._openapi["servers"] = [{"url": settings.gateway.public_url}]
        self.routes = [
            Route("/", self.health),
            Route("/health", self.health),
            Route("/ready", self.ready),
            Route("/version", self.version),
            Route("/robots.txt", self.robots),
            Route("/openapi.json", self.openapi),
        ]

    def use_sources(self, sources: Iterable[SourceSettings]) -> None:
        """Be ready from now on as long as one of these can store events."""
        self._sources = [source.name for source in sources if source.enabled]

    async def health(self, _: Request) -> Response:
        """The answer of rudder-server's /health; 503 if the store does not answer."""
        if not await self._store_answers():
            return PlainTextResponse("Cannot connect to db\n", 503)
        up = {"server": "UP", "db": "UP", "acceptingEvents": "TRUE", "routingEvents": "TRUE", "mode": "NORMAL"}
        return JSONResponse({"appType": "GATEWAY", **up, "version": self._version})

    async def ready(self, _: Request) -> Response:
        """Whether an event posted now would be stored, and delivered."""
        if not self._delivery.is_started:
            return PlainTextResponse(NOT_STARTED.body, NOT_STARTED.status)
        if problem := await self._storing_problem():
            return PlainTextResponse(f"{problem}\n", 503)
        return PlainTextResponse("ready\n")

    async def version(self, _: Request) -> Response:
        """The version of springhead."""
        return JSONResponse({"Version": self._version})

    async def robots(self, _: Request) -> Response:
        """What rudder-server tells search engines, which may have found its address: to stay away."""
        return PlainTextResponse("User-agent: * \nDisallow: / \n")

    async def openapi(self, _: Request) -> Response:
        """The OpenAPI description of the gateway."""
        return JSONResponse(self._openapi)

    async def _store_answers(self) -> bool:
        try:
            await self._store.counts()
        except SpringheadError:
            return False
        return True

    async def _storing_problem(self) -> str:
        """Why an event cannot be stored; empty if it can."""
        async with self._probing:
            if time.monotonic() - self._probed_at >= _PROBE_SECONDS:
                self._problem = await self._probe()
                self._probed_at = time.monotonic()
            return self._problem

    async def _probe(self) -> str:
        try:
            await self._store.probe(self._sources)
        except SpringheadError as error:
            return str(error).replace(self._store.location, "the store").replace(str(self._data), "its folder")
        except Exception as error:  # noqa: BLE001 - whatever it is, it would keep an event from being stored
            return f"an event cannot be stored: {type(error).__name__}"
        return ""
