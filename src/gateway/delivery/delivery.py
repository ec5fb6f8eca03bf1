"""Delivers what a store holds to a destination, until it is accepted."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from ..metrics import GatewayMetrics
from ..settings.model import DeliverySettings
from ..storage.records import StoreBusy
from ..storage.store import Store
from .breaker import Breaker, OpenBreaker
from .context import DeliveryContext, SourceState
from .dataplane import DataPlane
from .destination import Destination
from .jsonl import JsonLines, Stdout
from .lane import Lane

POLL = 1.0
"""Seconds between two looks into the store for events that another process has stored."""
_RELEASE_SECONDS = 5.0
"""How long cancelled lanes may take to release the events they have claimed."""

_log = structlog.get_logger()


class Delivery:
    """Delivers the events of each source in lanes of its own: tasks of the running event loop.

    At least once, and each user's events in order. An event is sent twice only if its answer is lost, or if the
    process dies before the store knows of the answer.
    """

    def __init__(
        self,
        store: Store,
        destination: Destination,
        sources: Iterable[str],
        settings: DeliverySettings,
        metrics: GatewayMetrics,
    ) -> None:
        breaker = Breaker(settings, self._destination_changed)
        self._context = DeliveryContext(store, destination, settings, metrics, breaker, asyncio.Event())
        self._sources = {name: SourceState(name, settings) for name in sources}
        self._unknown: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def down(self) -> OpenBreaker | None:
        """The breaker of the destination, if that cannot be reached: only one lane tries it."""
        return self._context.breaker.opened

    @property
    def held(self) -> dict[str, OpenBreaker]:
        """The breakers of the sources of which the destination accepts nothing."""
        breakers = {state.name: state.breaker.opened for state in self._sources.values()}
        return {name: breaker for name, breaker in breakers.items() if breaker is not None}

    def follow(self, source: str, other: OpenBreaker) -> None:
        """Begin where the breaker of another gateway is: a source's, or without a name the destination's."""
        if not source:
            self._context.breaker.follow(other)
        elif source in self._sources:
            self._sources[source].breaker.follow(other)

    @property
    def is_started(self) -> bool:
        """Whether what is stored is being delivered."""
        return bool(self._tasks)

    def start(self) -> None:
        """Start the lanes."""
        for source in self._sources.values():
            self._start_lanes(source)
        self._context.store.on_append(self._wake)
        self._tasks.append(asyncio.create_task(self._poll(), name="poll"))

    def use_keys(self, keys: Mapping[str, str]) -> None:
        """Deliver the events of these sources with these write keys from now on; of all others as before."""
        if self._context.stopping.is_set():
            return
        self._context.destination.use_keys(keys)
        for name in keys:
            if name not in self._sources:
                self._sources[name] = SourceState(name, self._context.settings)
                if self.is_started:
                    self._start_lanes(self._sources[name])
            elif self._sources[name].breaker.is_open:
                self._sources[name].breaker.end_pause()
        self._resume_all()

    async def stop(self, grace: float) -> None:
        """Give requests in flight `grace` seconds, release all other events, and close the destination."""
        self._context.stopping.set()
        self._resume_all()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=_RELEASE_SECONDS)
        await self._context.destination.close()

    async def _poll(self) -> None:
        """Wake the lanes of sources of which events wait."""
        stopping = self._context.stopping
        while not stopping.is_set():
            try:
                counts = await self._context.store.counts()
            except StoreBusy as error:
                _log.warning("the store cannot be read; retrying", reason=str(error))
            except Exception as error:  # noqa: BLE001 - whatever it is, look again
                _log.warning("the store cannot be read; retrying", error=type(error).__name__)
            else:
                for name, (undelivered, _) in counts.by_source.items():
                    if undelivered:
                        self._wake(name)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await stopping.wait()

    def _start_lanes(self, source: SourceState) -> None:
        for number in range(self._context.settings.lanes):
            lane = Lane(number, source, self._context)
            self._tasks.append(asyncio.create_task(lane.run(), name=f"{source.name} {number}"))

    def _wake(self, name: str) -> None:
        """Have the lanes of a source look into the store now."""
        if name in self._sources:
            self._sources[name].wake()
        elif name not in self._unknown:
            self._unknown.add(name)
            advice = "put its [[source]] back, with enabled = false if it is to accept nothing more"
            _log.error("events wait whose source is not in the settings", source=name, advice=advice)

    def _resume_all(self) -> None:
        for source in self._sources.values():
            source.resume()

    def _destination_changed(self, breaker: Breaker) -> None:
        to = self._context.settings.to
        if breaker.is_open:
            _log.error("the destination is down; retrying", to=to, reason=breaker.reason)
        else:
            _log.info("the destination is back", to=to)
            self._resume_all()


def open_destination(settings: DeliverySettings, keys: Mapping[str, str]) -> Destination:
    """The destination that `delivery.to` names.

    Args:
        settings: the settings' `[delivery]`.
        keys: the write key of each source at the data plane, by the source's name.
    """
    if settings.to == "stdout:":
        stdout: Any = sys.__stdout__  # in a worker, sys.stdout is stderr
        return Stdout(stdout.buffer)
    if settings.to.startswith("file:"):
        path = Path(settings.to.removeprefix("file:"))
        return JsonLines(path, rotate_bytes=settings.rotate_bytes, rotate_keep=settings.rotate_keep)
    return DataPlane(
        settings.to,
        keys,
        timeout=settings.timeout,
        compress=settings.gzip,
        proxies=settings.proxies,
    )
