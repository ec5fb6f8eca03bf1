"""Holds what all lanes share, and what the lanes of one source share."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from math import inf

import structlog

from ...server.log import RateLimitedLogger
from ..metrics import GatewayMetrics
from ..settings.model import DeliverySettings
from ..storage.store import Store
from .breaker import Breaker
from .destination import Destination
from .poison import RefusedEvent

_ADVICE = "check delivery.to and the source's destination_write_key, and that the source is enabled there"
_log = structlog.get_logger()


@dataclass(slots=True)
class DeliveryContext:
    """What all lanes share.

    Attributes:
        breaker: of the destination: open while it cannot be reached.
        stopping: set when the lanes are to end.
        limited_log: for what all lanes notice at once.
    """

    store: Store
    destination: Destination
    settings: DeliverySettings
    metrics: GatewayMetrics
    breaker: Breaker
    stopping: asyncio.Event
    limited_log: RateLimitedLogger = field(default_factory=lambda: RateLimitedLogger(structlog.get_logger()))


class SourceState:
    """How the delivery of one source's events goes; its lanes share it.

    Attributes:
        breaker: open while the destination accepts nothing of the source.
        accepted_at: when the latest batch that was accepted was sent, by the monotonic clock.
        refused: events that were refused alone, by seq.
        woken: by lane; set when it is to look into the store, unless it pauses.
        resumed: by lane; set when it is to pause no longer.
    """

    def __init__(self, name: str, settings: DeliverySettings) -> None:
        self.name = name
        self.breaker = Breaker(settings, self._changed)
        self.accepted_at = -inf
        self.refused: dict[int, RefusedEvent] = {}
        self.woken = [asyncio.Event() for _ in range(settings.lanes)]
        self.resumed = [asyncio.Event() for _ in range(settings.lanes)]
        self._to = settings.to

    def wake(self) -> None:
        """Have all lanes look into the store now, except for those that pause: they would go on pausing."""
        for woken in self.woken:
            woken.set()

    def resume(self) -> None:
        """Have all lanes look now whether they must still pause, and if not, into the store."""
        self.wake()
        for resumed in self.resumed:
            resumed.set()

    def _changed(self, breaker: Breaker) -> None:
        about = {"source": self.name, "to": self._to}
        if breaker.is_open:
            what = "the destination accepts nothing of a source; its events are kept"
            _log.error(what, **about, reason=breaker.reason, advice=_ADVICE)
        else:
            _log.info("the destination accepts events of a source again", **about)
            self.resume()
