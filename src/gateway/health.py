"""How a gateway is: up, ready to keep what is posted, and who it is."""

from __future__ import annotations

import json
from importlib.metadata import version
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ..core.errors import SpringheadError
from .delivery import Delivery
from .ingest.responses import NO_ROOM, NOT_STARTED
from .storage.records import Store


class Health:
    """The routes that tell, for senders and for whoever runs the gateway."""

    def __init__(self, store: Store, delivery: Delivery, *, tells: bool = False) -> None:
        """`tells` where who asks may know the paths of this machine."""
        self._tells = tells
        self._store = store
        self._delivery = delivery
        self._version = version("springhead")
        self._openapi = json.loads(files(__package__).joinpath("gateway.openapi.json").read_text("utf-8"))
        self._openapi["info"]["version"] = self._version
        self.routes = [
            Route("/", self.health),
            Route("/health", self.health),
            Route("/ready", self.ready),
            Route("/version", self.about),
            Route("/robots.txt", self.robots),
            Route("/openapi.json", self.description),
        ]

    async def health(self, _: Request) -> Response:
        """The shape of rudder-server's; 503 where the store does not answer."""
        if not await self._answers():
            return PlainTextResponse("Cannot connect to db\n", 503)
        up = {"server": "UP", "db": "UP", "acceptingEvents": "TRUE", "routingEvents": "TRUE", "mode": "NORMAL"}
        return JSONResponse({"appType": "GATEWAY", **up, "version": self._version})

    async def ready(self, _: Request) -> Response:
        """Whether an event that is posted now would be kept, and delivered."""
        if not self._delivery.is_started:
            return PlainTextResponse(f"{NOT_STARTED.text}\n", 503)
        try:
            await self._store.append((), (), None)
        except SpringheadError as error:
            why = str(error) if self._tells else NO_ROOM.text
            return PlainTextResponse(f"{why}\n", 503)
        return PlainTextResponse("ready\n")

    async def about(self, _: Request) -> Response:
        """The version of springhead."""
        return JSONResponse({"Version": self._version})

    async def robots(self, _: Request) -> Response:
        """Nothing here is for them."""
        return PlainTextResponse("User-agent: * \nDisallow: / \n")

    async def description(self, _: Request) -> Response:
        """What there is to call, as OpenAPI has it."""
        return JSONResponse(self._openapi)

    async def _answers(self) -> bool:
        try:
            await self._store.counts()
        except SpringheadError:
            return False
        return True
