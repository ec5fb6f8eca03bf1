"""What the lanes of one delivery share: the parts they use, and which sources are left alone for now."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field

from ..settings.sections import Delivery as Rules
from ..store import Store
from .breaker import Breaker
from .destination import Destination, Observer


@dataclass(slots=True)
class Means:
    """What the lanes of a delivery share."""

    store: Store
    destination: Destination
    rules: Rules
    observer: Observer
    breaker: Breaker
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    held: dict[str, tuple[int, float]] = field(default_factory=dict)
    """Sources the destination refuses whatever is sent: how often in a row, and until when left alone."""

    def left_alone(self) -> set[str]:
        """The sources that are to be left alone now."""
        now = time.monotonic()
        return {source for source, (_, until) in self.held.items() if now < until}

    def backoff(self, tries: int) -> float:
        """Seconds to wait after so many failures in a row: doubling, with jitter over all of it."""
        most = min(self.rules.retry_max, self.rules.retry_min * 2.0 ** min(tries, 60))
        return random.uniform(self.rules.retry_min, most)  # noqa: S311 - jitter is no secret
