"""Reports whether the gateway is up, whether it can store events now, and its version."""

from __future__ import annotations

import json
from importlib.metadata import version
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ..core.errors import SpringheadError
from .delivery import Delivery
from .ingest.responses import NOT_STARTED, NOT_STORED
from .storage.records import Store


class Health:
    """The health routes, for senders and for operators."""

    def __init__(self, store: Store, delivery: Delivery, *, shows_errors: bool = False) -> None:
        """`shows_errors` adds why the store fails, which reveals paths on this machine."""
        self._shows_errors = shows_errors
        self._store = store
        self._delivery = delivery
        self._version = version("springhead")
        self._openapi = json.loads(files(__package__).joinpath("gateway.openapi.json").read_text("utf-8"))
        self._openapi["info"]["version"] = self._version
        self.routes = [
            Route("/", self.health),
            Route("/health", self.health),
            Route("/ready", self.ready),
            Route("/version", self.version),
            Route("/openapi.json", self.openapi),
        ]

    async def health(self, _: Request) -> Response:
        """The answer of rudder-server's /health; 503 if the store does not answer."""
        if not await self._store_answers():
            return PlainTextResponse("Cannot connect to db\n", 503)
        up = {"server": "UP", "db": "UP", "acceptingEvents": "TRUE", "routingEvents": "TRUE", "mode": "NORMAL"}
        return JSONResponse({"appType": "GATEWAY", **up, "version": self._version})

    async def ready(self, _: Request) -> Response:
        """Whether an event posted now would be stored, and delivered."""
        if not self._delivery.is_started:
            return PlainTextResponse(f"{NOT_STARTED.text}\n", 503)
        try:
            await self._store.append((), (), None)
        except SpringheadError as error:
            reason = str(error) if self._shows_errors else NOT_STORED.text
            return PlainTextResponse(f"{reason}\n", 503)
        return PlainTextResponse("ready\n")

    async def version(self, _: Request) -> Response:
        """The version of springhead."""
        return JSONResponse({"Version": self._version})

    async def openapi(self, _: Request) -> Response:
        """The OpenAPI description of the gateway."""
        return JSONResponse(self._openapi)

    async def _store_answers(self) -> bool:
        try:
            await self._store.counts()
        except SpringheadError:
            return False
        return True
