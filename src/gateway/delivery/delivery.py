"""Delivery: stored events in, a destination that has them out, whatever happens in between."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

import structlog

from ..settings.model import DeliverySettings
from ..storage.records import Store
from .breaker import Breaker
from .context import DeliveryContext
from .dataplane import DataPlane
from .destination import Destination, Observer, Unobserved
from .jsonl import JsonLines, Stdout
from .lane import Lane

_LAST = 5.0
"""Seconds given to lanes that were cut off, to give back what they held."""

_log = structlog.get_logger("springhead.delivery")


class Delivery:
    """Delivers what a store holds, in lanes: tasks of the running event loop.

    At least once, and each user's events in order. An event is sent twice only where an answer was lost, or the
    process was, between the answer and the store.
    """

    def __init__(
        self, store: Store, destination: Destination, rules: DeliverySettings, observer: Observer | None = None
    ) -> None:
        observer = observer or Unobserved()

        def changed(is_open: bool) -> None:
            log = _log.error if is_open else _log.info
            log(
                "the destination is down: one lane tries it" if is_open else "the destination is back",
                to=rules.to,
            )
            observer.breaker(is_open)

        breaker = Breaker(rules.breaker_failures, rules.breaker_pause, changed)
        self._means = DeliveryContext(store, destination, rules, observer, breaker)
        self._lanes = [Lane(number, self._means) for number in range(rules.lanes)]
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_down(self) -> bool:
        """Whether the destination is down: after failures in a row only one lane tries it."""
        return self._means.breaker.is_open

    @property
    def why(self) -> str:
        """The destination's last failure."""
        return self._means.breaker.why

    @property
    def held(self) -> dict[str, str]:
        """Sources whose events the destination refuses whatever is sent, and what it says."""
        return {source: hold.why for source, hold in self._means.held.items()}

    @property
    def is_started(self) -> bool:
        """Whether what is stored is being delivered."""
        return bool(self._tasks)

    def start(self) -> None:
        """Start the lanes."""
        self._tasks = [asyncio.create_task(lane.run(), name=f"lane {lane.number}") for lane in self._lanes]

    def wake(self) -> None:
        """There are new events: look now, not at the next second. Called in the event loop of the lanes."""
        for lane in self._lanes:
            lane.woken.set()

    async def stop(self, grace: float) -> None:
        """Finish requests under way within `grace` seconds, give back all else, close the destination."""
        self._means.stopping.set()
        self.wake()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=_LAST)
        await self._means.destination.close()


def open_destination(rules: DeliverySettings, keys: Mapping[str, str]) -> Destination:
    """The destination that `delivery.to` names.

    Args:
        rules: the settings' `[delivery]`.
        keys: the write key of each source at the data plane, by the source's name.
    """
    if rules.to == "stdout:":
        return Stdout(sys.stdout.buffer)
    if rules.to.startswith("file:"):
        path = Path(rules.to.removeprefix("file:"))
        return JsonLines(path, rotate_bytes=rules.rotate_bytes, rotate_keep=rules.rotate_keep)
    return DataPlane(rules.to, keys, timeout=rules.timeout, compress=rules.gzip, connections=rules.lanes)
