"""What the lanes of one delivery share: the parts they use, and which sources are left alone for now."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from dataclasses import dataclass, field
from math import inf

from ..settings.model import DeliverySettings
from ..storage.records import Store
from .breaker import Breaker
from .destination import Destination, Observer


@dataclass(frozen=True, slots=True)
class Hold:
    """A source whose events are all refused: why, how often in a row, until when it is left alone."""

    why: str
    tries: int
    until: float


@dataclass(slots=True)
class Tally:
    """How a source fares."""

    accepted: int = 0
    """Requests accepted so far."""
    is_well: bool = False
    """Whether the last one that held no suspect was."""
    fickle_at: float = -inf
    """When an event was last accepted after it had been refused alone, by the monotonic clock."""


@dataclass(slots=True)
class DeliveryContext:
    """What the lanes of a delivery share."""

    store: Store
    destination: Destination
    rules: DeliverySettings
    observer: Observer
    breaker: Breaker
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    held: dict[str, Hold] = field(default_factory=dict)
    """By source."""
    tallies: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    """By source."""

    def left_alone(self) -> set[str]:
        """The sources that are to be left alone now."""
        now = time.monotonic()
        return {source for source, hold in self.held.items() if now < hold.until}

    def hold_ends(self, most: float) -> float:
        """Seconds until a source is left alone no more, `most` at most."""
        waits = (hold.until - time.monotonic() for hold in self.held.values())
        return min([most, *(wait for wait in waits if wait > 0)])

    def takes_any(self) -> bool:
        """Whether the destination took the last events of any source."""
        return any(tally.is_well for tally in self.tallies.values())

    def backoff(self, tries: int) -> float:
        """Seconds to wait after so many failures in a row: doubling, with jitter over all of it."""
        most = min(self.rules.retry_max, self.rules.retry_min * 2.0 ** min(tries, 60))
        return random.uniform(self.rules.retry_min, most)  # noqa: S311 - jitter is no secret
