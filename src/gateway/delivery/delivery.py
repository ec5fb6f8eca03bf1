"""Delivers what a store holds to a destination, until it is accepted."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

from ..metrics import GatewayMetrics
from ..settings.model import DeliverySettings
from ..storage.records import Store
from .context import DeliveryContext
from .dataplane import DataPlane
from .destination import Destination
from .jsonl import JsonLines, Stdout
from .lane import Lane

_RELEASE_SECONDS = 5.0
"""How long cancelled lanes may take to release the events they have claimed."""


class Delivery:
    """Delivers in lanes: tasks of the running event loop.

    At least once, and each user's events in order. An event is sent twice only if its answer is lost, or if the
    process dies before the store knows of the answer.
    """

    def __init__(
        self, store: Store, destination: Destination, settings: DeliverySettings, metrics: GatewayMetrics
    ) -> None:
        self._context = DeliveryContext(store, destination, settings, metrics)
        self._lanes = [Lane(number, self._context) for number in range(settings.lanes)]
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_down(self) -> bool:
        """Whether the destination cannot be reached: only one lane tries it."""
        return self._context.breaker.is_open

    @property
    def reason(self) -> str:
        """Why the destination cannot be reached; empty if it can."""
        return self._context.breaker.reason

    @property
    def held(self) -> dict[str, str]:
        """The sources whose events the destination does not accept, each with the reason."""
        return self._context.held()

    @property
    def is_started(self) -> bool:
        """Whether what is stored is being delivered."""
        return bool(self._tasks)

    def start(self) -> None:
        """Start the lanes."""
        self._tasks = [asyncio.create_task(lane.run(), name=f"lane {lane.number}") for lane in self._lanes]

    def wake(self) -> None:
        """Make the lanes look for new events now, not up to a second later. Call it in their event loop."""
        for woken in self._context.woken:
            woken.set()

    async def stop(self, grace: float) -> None:
        """Give requests in flight `grace` seconds, release all other events, and close the destination."""
        self._context.stopping.set()
        self.wake()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=_RELEASE_SECONDS)
        await self._context.destination.close()


def open_destination(settings: DeliverySettings, keys: Mapping[str, str]) -> Destination:
    """The destination that `delivery.to` names.

    Args:
        settings: the settings' `[delivery]`.
        keys: the write key of each source at the data plane, by the source's name.
    """
    if settings.to == "stdout:":
        return Stdout(sys.stdout.buffer)
    if settings.to.startswith("file:"):
        path = Path(settings.to.removeprefix("file:"))
        return JsonLines(path, rotate_bytes=settings.rotate_bytes, rotate_keep=settings.rotate_keep)
    return DataPlane(
        settings.to, keys, timeout=settings.timeout, compress=settings.gzip, connections=settings.lanes
    )
