"""The webhook gateway as an ASGI app: events are kept before their sender is told, and delivered after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import structlog
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from ..core.errors import InvalidConfig, SpringheadError
from ..core.host import Host
from .delivery import Delivery, open_destination
from .health import Health
from .ingest.acceptor import Acceptor
from .ingest.endpoint import Webhook
from .ingest.responses import NOT_FOUND, say_refused
from .metrics import GatewayMetrics
from .recent import RecentRequests
from .settings import Settings
from .settings.toml_file import Steps
from .storage.sqlite import SqliteStore

SWEEP_SECONDS = 60
"""How often the store is swept of what was kept long enough."""
GRACE_SECONDS = 10
"""How long deliveries under way may take when the gateway ends."""

_DAY = 86_400
_CORS = Middleware(
    CORSMiddleware,
    allow_origin_regex=".*",
    allow_credentials=True,
    allow_methods=["GET", "POST", "HEAD"],
    allow_headers=["*"],
    max_age=900,
)
_log = structlog.get_logger("springhead.gateway")


def gateway_app(host: Host, settings: Settings) -> Router:
    """The gateway, to serve, or to mount in another app whose lifespan runs this one's.

    Until its lifespan runs, all that is posted is answered 503, for nobody would deliver it.

    Args:
        host: the sources there are.
        settings: as `load_settings` reads them.

    Raises:
        InvalidSettings: a source's type or settings are none the host has.
        StoreUnusable, StoreBusy: the store cannot be opened.
    """
    return Gateway(host, settings).app


class Gateway:
    """The parts of a gateway, put together. Its app's lifespan delivers, and closes the store at its end."""

    def __init__(self, host: Host, settings: Settings) -> None:
        """As `gateway_app`."""
        check_sources(host, settings)
        self.host = host
        self.settings = settings
        self.feed = RecentRequests()
        self.metrics = GatewayMetrics()
        self.store = open_store(settings)
        self.beside: list[AbstractAsyncContextManager[object]] = []
        """What runs as long as the gateway does."""
        destination = open_destination(
            settings.delivery, {one.name: one.destination_key.get_secret_value() for one in settings.source}
        )
        self.delivery = Delivery(self.store, destination, settings.delivery, self.metrics)
        _warn_of_keys(settings)
        acceptor = Acceptor(host, settings, self.store, self.feed, self.metrics, self.delivery)
        self.app = Router(
            [
                Route("/v1/webhook", Webhook(settings, acceptor, self.metrics)),
                *Health(self.store, self.delivery).routes,
            ],
            redirect_slashes=False,
            default=_not_found,
            middleware=[_CORS],
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, _: object) -> AsyncIterator[None]:
        self.delivery.start()
        sweeping = asyncio.create_task(self._sweep())
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.store.close)
            stack.push_async_callback(self.delivery.stop, GRACE_SECONDS)
            stack.callback(sweeping.cancel)
            for one in self.beside:
                await stack.enter_async_context(one)
            stack.callback(self.feed.close)
            yield

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await self.store.sweep()
            except SpringheadError as error:
                _log.warning("the store could not be swept", why=str(error))


def open_store(settings: Settings, *, create: bool = True) -> SqliteStore:
    """The store the settings name.

    Raises:
        StoreUnusable, StoreBusy: it cannot be opened; with `create` False also where there is none yet.
    """
    keep = settings.store
    return SqliteStore(
        settings.gateway.data,
        window=keep.window_days * _DAY,
        keep_calls=keep.keep_requests,
        letter_age=keep.keep_days * _DAY,
        letter_bytes=keep.keep_bytes,
        max_bytes=keep.max_bytes,
        max_waiting=settings.limits.waiting,
        create=create,
    )


def check_sources(host: Host, settings: Settings) -> None:
    """Raise InvalidSettings where a source is of a type, or has a setting, that the host does not know."""
    problems: list[tuple[Steps, str]] = []
    for index, source in enumerate(settings.source):
        try:
            host.receiver(source.type, source.settings)
        except InvalidConfig as error:
            problems.append((("source", index, "settings"), error.reason))
        except SpringheadError as error:
            advice = "a source folder goes into [gateway] folders"
            problems.append((("source", index, "type"), f"{error} - {advice}"))
    if problems:
        raise settings.invalid(problems)


def _warn_of_keys(settings: Settings) -> None:
    """A data plane hardly knows the write keys that senders present here."""
    for source in settings.source:
        if settings.delivery.to.startswith("http") and source.destination_write_key is None:
            advice = "give its [[source]] a destination_write_key, unless the data plane knows its write_key"
            _log.warning("a source has no write key of the data plane's", source=source.name, advice=advice)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's
    await say_refused(send, NOT_FOUND)
