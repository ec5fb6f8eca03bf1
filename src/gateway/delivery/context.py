"""Holds what the lanes of one delivery share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

import structlog

from ..metrics import GatewayMetrics
from ..settings.model import DeliverySettings
from ..storage.records import Store
from .breaker import Breaker
from .destination import Destination
from .poison import RefusedEvent

_SHORTEST_WAIT = 0.02
"""Seconds until a lane looks again for a refused event that is due but may not be sent yet."""

_log = structlog.get_logger("springhead.delivery")


@dataclass(slots=True)
class SourceState:
    """The state of the delivery of one source's events.

    Attributes:
        breaker: spaces out its attempts.
        accepted_at: when the latest accepted batch was sent, by the monotonic clock.
        refused: its events that were refused when sent alone, by seq.
    """

    breaker: Breaker
    accepted_at: float = -inf
    refused: dict[int, RefusedEvent] = field(default_factory=dict)


class DeliveryContext:
    """What the lanes of a delivery share.

    Attributes:
        breaker: the destination's: open while it cannot be reached.
        stopping: set when the lanes should end.
        woken: one for each lane; set when it should look into the store now.
    """

    def __init__(
        self, store: Store, destination: Destination, settings: DeliverySettings, metrics: GatewayMetrics
    ) -> None:
        self.store = store
        self.destination = destination
        self.settings = settings
        self.metrics = metrics
        self.breaker = Breaker(settings, self._destination_changed)
        self.stopping = asyncio.Event()
        self.woken = [asyncio.Event() for _ in range(settings.lanes)]
        self._sources: dict[str, SourceState] = {}

    def source(self, name: str) -> SourceState:
        """The state of a source."""
        state = self._sources.get(name)
        if state is None:
            breaker = Breaker(self.settings, lambda breaker: self._source_changed(name, breaker))
            state = self._sources[name] = SourceState(breaker)
        return state

    def held(self) -> dict[str, str]:
        """The sources whose events the destination does not accept, each with the reason."""
        return {name: state.breaker.reason for name, state in self._sources.items() if state.breaker.is_open}

    def paused(self, lane: int) -> set[str]:
        """The sources that this lane must not try now."""
        return {name for name, state in self._sources.items() if state.breaker.wait(lane)}

    def withdraw(self, lane: int) -> None:
        """Let other lanes try what only this one was allowed to try."""
        self.breaker.withdraw(lane)
        for state in self._sources.values():
            state.breaker.withdraw(lane)

    def next_try(self, lane: int, longest: float) -> float:
        """Seconds until a pause ends or a refused event of this lane is due; at most `longest`."""
        now = time.monotonic()
        return min([longest, *self._waits(lane, now)])

    def _waits(self, lane: int, now: float) -> Iterable[float]:
        for state in self._sources.values():
            pause = state.breaker.pause()
            if pause:
                yield pause
            due = (one.due - now for one in state.refused.values() if one.lane == lane)
            yield from (max(seconds, pause, _SHORTEST_WAIT) for seconds in due)

    def _destination_changed(self, breaker: Breaker) -> None:
        if breaker.is_open:
            _log.error("the destination is down; retrying", to=self.settings.to, reason=breaker.reason)
        else:
            _log.info("the destination is back", to=self.settings.to)
        self.metrics.breaker(breaker.is_open)

    def _source_changed(self, name: str, breaker: Breaker) -> None:
        if breaker.is_open:
            _log.error(
                "the destination accepts no events of a source; they are kept and retried",
                source=name,
                to=self.settings.to,
                reason=breaker.reason,
                advice="check delivery.to and the source's destination_write_key, "
                "and that the source is enabled there",
            )
        else:
            _log.info("the destination accepts events of a source again", source=name)
        self.metrics.held(name, breaker.is_open)
