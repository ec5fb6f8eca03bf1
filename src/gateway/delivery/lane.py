"""Delivers the events of a share of a source's users, one batch after another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from math import inf

import structlog

from ...server import log
from ..storage.records import ClaimedEvent, DeadEvent, StoreBusy
from .acknowledge import acknowledge, release
from .breaker import backoff
from .context import DeliveryContext, SourceState
from .sender import Sender

GATHER = 0.02
"""Seconds a lane waits for more events if there are few: a batch costs the same whatever its size."""
RETRY_TIME = 1.0
"""Seconds of one round in which events that were refused before are tried: new ones may be waiting by then."""

_log = structlog.get_logger()


class Lane:
    """Claims the events of its users, sends them, and releases those it could not send."""

    def __init__(self, number: int, source: SourceState, context: DeliveryContext) -> None:
        self._number = number
        self._source = source
        self._context = context
        self._woken, self._resumed = source.woken[number], source.resumed[number]
        # A lane stops sending what it claimed when the lease leaves no time for one more request.
        self._send_time = 2 * context.settings.timeout
        lease = self._send_time + context.settings.timeout
        self._lease = lease
        self._sender = Sender(number, source, context, lease)

    async def run(self) -> None:
        """Deliver until told to stop. No failure ends it."""
        stopping = self._context.stopping
        while not stopping.is_set():
            try:
                await self._round()
            except StoreBusy as error:
                self._context.limited_log.warning(
                    "claim", "events cannot be claimed; retrying", reason=str(error)
                )
                await _wait(stopping, backoff(self._context.settings, 2))
            except Exception as error:  # noqa: BLE001 - whatever it is, the other events still have to go out
                about = {"source": self._source.name, "error": type(error).__name__, "at": log.where(error)}
                _log.error("a lane failed; retrying", **about)
                await _wait(stopping, backoff(self._context.settings, 2))

    async def _round(self) -> None:
        """Claim and send once, then wait until there is something to do."""
        self._woken.clear()
        self._resumed.clear()
        if seconds := self._paused():
            await _wait(self._resumed, seconds)
            return
        claimed = await self._claim()
        await self._send(claimed)
        if not claimed:
            await _wait(self._woken, self._next_retry())
        elif self._is_little(claimed):
            await _wait(self._context.stopping, GATHER)

    def _paused(self) -> float:
        """Seconds until the source may be tried by this lane."""
        return max(breaker.wait(self._sender) for breaker in (self._context.breaker, self._source.breaker))

    def _next_retry(self) -> float:
        """Seconds until an event of this lane that was refused alone is due."""
        now = time.monotonic()
        due = (one.due - now for one in self._source.refused.values() if one.lane == self._number)
        return min((seconds for seconds in due if seconds > 0), default=inf)

    def _is_little(self, claimed: Sequence[ClaimedEvent]) -> bool:
        """Whether the events fill less than half a batch."""
        settings, size = self._context.settings, sum(len(event.event) for event in claimed)
        return 2 * len(claimed) < settings.batch_events and 2 * size < settings.batch_bytes

    async def _claim(self) -> list[ClaimedEvent]:
        """The events to send now, those last that were refused alone before."""
        settings = self._context.settings
        claimed = await self._context.store.claim(
            self._source.name,
            self._number,
            settings.lanes,
            events=settings.batch_events,
            size=settings.batch_bytes,
            lease=self._lease,
        )
        return sorted(claimed, key=lambda event: event.refusals)

    async def _send(self, claimed: Sequence[ClaimedEvent]) -> None:
        """Send what was claimed, and give back what could not be sent."""
        until = time.monotonic() + self._send_time
        retry_until = inf
        try:
            claimed = await self._without_large(claimed)
            while claimed and not (self._paused() or self._context.stopping.is_set()):
                now = time.monotonic()
                retry_until = min(retry_until, now + RETRY_TIME) if claimed[0].refusals else inf
                if now > min(until, retry_until):
                    break
                claimed = await self._sender.send_next(claimed)
        finally:
            if claimed:
                await release(self._context, [event.seq for event in claimed])

    async def _without_large(self, claimed: Sequence[ClaimedEvent]) -> Sequence[ClaimedEvent]:
        """Make dead letters of events that are too long to be sent, and return the others."""
        limit = self._context.settings.event_limit
        large = [event for event in claimed if len(event.event) > limit]
        if large:
            letters = [_too_large(event, limit) for event in large]
            await acknowledge(self._context, self._source.name, [], letters)
        return [event for event in claimed if len(event.event) <= limit]


def _too_large(event: ClaimedEvent, limit: int) -> DeadEvent:
    reason = f"the event has {len(event.event)} bytes, delivery.event_limit is {limit}"
    return DeadEvent(event.seq, event.message_id, "delivery/too-large", reason)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Wait until an event is set, or for at most so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(None if seconds == inf else seconds):
            await event.wait()
