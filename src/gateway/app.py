"""The webhook gateway as an ASGI app: assembles its parts, and runs them in its lifespan."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import structlog
from starlette.routing import Route, Router
from starlette.types import Lifespan, Receive, Scope, Send

from ..core.errors import InvalidConfig, SpringheadError
from ..core.host import Host
from ..core.signature.secret import MISSING_SECRET
from ..http.answers import NOT_FOUND
from ..server import log
from ..server.route_path import route_path
from ..server.sockets import join_address
from .delivery import Delivery, open_destination
from .gauges import gauges_text
from .health import Health
from .ingest.acceptor import Acceptor
from .ingest.endpoint import WebhookEndpoint
from .ingest.responses import send_answer, send_not_allowed
from .metrics import GatewayMetrics
from .open_store import open_store
from .peers import Peers
from .recent import RecentRequests
from .settings import Settings
from .settings.problems import KeyPath
from .storage.records import Removal
from .storage.shared import SharedStore

SWEEP_SECONDS = 60
"""How often the store deletes what has expired."""
SAMPLE_SECONDS = 1
"""How often a worker notes what another one reports of it."""
GRACE_SECONDS = 10
"""How long deliveries in flight may take when the gateway stops."""

_REMOVAL_ADVICE = {
    "age": "they were older than keep_days: replay dead letters in time, or raise keep_days",
    "size": "its source takes most of keep_bytes: replay or drop its dead letters, or raise keep_bytes",
}
_ID_ADVICE = "they take half of max_bytes: raise it or lower window_days, else duplicates are accepted"
_log = structlog.get_logger()


def gateway_app(host: Host, settings: Settings) -> Router:
    """The gateway, to serve, or to mount in an app that runs its lifespan.

    Until its lifespan runs it answers 503 to every webhook: nothing would deliver the events.

    Args:
        host: the sources.
        settings: as `load_settings` reads them.

    Raises:
        InvalidSettings: the host does not know a source's type, or refuses its settings.
        StoreUnusable, StoreBusy: the store cannot be opened.
    """
    return Gateway(host, settings).app


class Gateway:
    """A gateway's parts. The lifespan of its `app` delivers, and closes the store at the end."""

    def __init__(self, host: Host, settings: Settings, worker: int = 1) -> None:
        """As `gateway_app`; each worker that serves the same settings has a number."""
        check_sources(host, settings)
        self.host = host
        self.settings = settings
        self.recent = RecentRequests()
        self.metrics = GatewayMetrics()
        self.store = open_store(settings, worker=worker)
        if isinstance(self.store, SharedStore):
            self.metrics.measure_cluster(self.store.stats)
        self.contexts: list[AbstractAsyncContextManager[object]] = []
        """Entered when the lifespan starts, and left when it ends."""
        destination = open_destination(settings.delivery, _destination_keys(settings))
        sources = [source.name for source in settings.source]
        self.delivery = Delivery(self.store, destination, sources, settings.delivery, self.metrics)
        self.peers = Peers(_name(settings, worker), self.store, self.delivery, self.recent)
        _warn_of_missing_secrets(host, settings)
        _warn_of_missing_keys(settings)
        acceptor = Acceptor(host, settings, self.store, self.recent, self.metrics, self.delivery)
        self.health = Health(self.store, self.delivery, settings)
        self._endpoint = WebhookEndpoint(settings, acceptor, self.metrics)
        routes = [Route("/v1/webhook", self._endpoint), *self.health.routes]
        self.app = _Router(routes, settings.gateway.path_prefix, self._lifespan)

    def use_sources_of(self, settings: Settings) -> None:
        """Use the sources of these settings from now on; no other setting changes.

        Calls in flight finish with the source they began with. A source that is gone accepts nothing more, and
        what it has stored is delivered as before.

        Raises:
            InvalidSettings: the host does not know a source's type, or refuses its settings. Nothing changes.
        """
        check_sources(self.host, settings)
        self._endpoint.use_sources(settings.source)
        self.health.use_sources(settings.source)
        self.delivery.use_keys(_destination_keys(settings))
        self.settings = self.settings.with_sources_of(settings)
        _warn_of_missing_secrets(self.host, self.settings)
        _warn_of_missing_keys(self.settings)

    async def metrics_text(self) -> bytes:
        """What it counts, and what the store holds if that answers, in Prometheus' text format."""
        limit, counts = self.settings.store.max_bytes, None
        with suppress(SpringheadError):
            counts = await self.store.counts()
        is_down, held = self.peers.down is not None, self.peers.held
        gauges = gauges_text(counts, is_down=is_down, held=held, limit=limit)
        return self.metrics.text() + gauges

    @asynccontextmanager
    async def _lifespan(self, _: object) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.store.close)
            await self.store.open()
            self.delivery.start()
            sweeping = asyncio.create_task(self._sweep())
            stack.push_async_callback(self.delivery.stop, GRACE_SECONDS)
            stack.callback(sweeping.cancel)
            sampling = asyncio.create_task(self._sample())
            stack.callback(sampling.cancel)
            for context in self.contexts:
                await stack.enter_async_context(context)
            stack.callback(self.recent.close)
            yield

    async def _sample(self) -> None:
        while True:
            self.metrics.sample()
            await asyncio.sleep(SAMPLE_SECONDS)

    async def _sweep(self) -> None:
        while True:
            try:
                removals = await self.store.sweep()
            except SpringheadError as error:
                _log.warning("sweeping the store failed; retrying", reason=str(error))
            except Exception as error:  # noqa: BLE001 - whatever it is, the next sweep may succeed
                failure = {"error": type(error).__name__, "at": log.where(error)}
                _log.error("sweeping the store failed; retrying", **failure)
            else:
                for removal in removals:
                    self.metrics.removed(removal)
                    _warn_of_removal(removal)
            await asyncio.sleep(SWEEP_SECONDS)


class _Router(Router):
    """A router that looks its routes up by their exact paths, with and without a prefix.

    Starlette's way takes as long as mapping an event, and takes `/v1/webhook%0A` for `/v1/webhook`.
    """

    def __init__(self, routes: Iterable[Route], prefix: str, lifespan: Lifespan[Any]) -> None:
        super().__init__(lifespan=lifespan)
        self._by_path = {path: route for route in routes for path in (route.path, prefix + route.path)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        route = self._by_path.get(route_path(scope))
        if route is None:
            await send_answer(send, NOT_FOUND)
        elif route.methods and scope["method"] not in route.methods:
            await send_not_allowed(send, route.methods)
        else:
            await route.app(scope, receive, send)


def check_sources(host: Host, settings: Settings) -> None:
    """Raise InvalidSettings if the host does not know a source's type, or refuses its settings."""
    problems: list[tuple[KeyPath, str]] = []
    for index, source in enumerate(settings.source):
        key = "settings"
        try:
            host.receiver(source.type, source.settings)
            key = "signing_secret"
            host.verifier(source.type, source.verification)
        except InvalidConfig as error:
            problems.append((("source", index, key), error.reason.removeprefix(f"{key} ")))
        except SpringheadError as error:
            advice = "a source folder goes into [gateway] folders"
            problems.append((("source", index, "type"), f"{error} - {advice}"))
    if problems:
        raise settings.invalid(problems)


def _name(settings: Settings, worker: int) -> str:
    """What a gateway is called among those that share its store."""
    name = join_address(socket.gethostname(), settings.gateway.port)
    return name if settings.gateway.workers == 1 else f"{name} worker {worker}"


def _destination_keys(settings: Settings) -> dict[str, str]:
    """The write key of each source at the data plane."""
    return {source.name: source.destination_key.get_secret_value() for source in settings.source}


def _warn_of_missing_secrets(host: Host, settings: Settings) -> None:
    """Whoever knows the write key of such a source can forge calls."""
    for source in settings.source:
        if source.enabled and host.sources[source.type].signatures and not source.signing_secret:
            _log.warning("source without a signing_secret", source=source.name, advice=MISSING_SECRET)


def _warn_of_missing_keys(settings: Settings) -> None:
    """A data plane rarely knows the write keys that senders present here."""
    for source in settings.source:
        if settings.delivery.to.startswith("http") and source.destination_write_key is None:
            advice = "give its [[source]] a destination_write_key, unless the data plane knows its write_key"
            _log.warning("source without a destination_write_key", source=source.name, advice=advice)


def _warn_of_removal(removal: Removal) -> None:
    """Each sweep warns once of each source at most, which limits the rate."""
    if removal.kind == "id":
        _log.warning(
            "ids of accepted events forgotten before window_days", count=removal.count, advice=_ID_ADVICE
        )
        return
    fields = {"source": removal.source, "count": removal.count, "advice": _REMOVAL_ADVICE[removal.reason]}
    if removal.kind == "dead_letter":
        _log.warning("dead letters deleted", **fields)
    else:
        _log.info("kept calls deleted", **fields)
