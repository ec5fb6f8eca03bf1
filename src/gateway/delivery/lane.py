"""Delivers the events of some of the users, one batch after another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

import structlog

from ...server import log
from ..storage.records import ClaimedEvent, DeadEvent
from .acknowledge import acknowledge
from .batch import Claim
from .breaker import backoff
from .context import DeliveryContext
from .sender import Sender

POLL = 1.0
"""Seconds between two looks into the store by a lane that nothing wakes."""

GATHER = 0.02
"""Seconds a lane waits for more events when there are few: a small batch costs as much as a large one."""

_log = structlog.get_logger("springhead.delivery")


class Lane:
    """Claims the events of its users, sends them, and releases those it could not send."""

    def __init__(self, number: int, context: DeliveryContext) -> None:
        self.number = number
        self._context = context
        self._woken = context.woken[number]
        # A lane stops sending what it claimed when the lease leaves no time for one more request.
        self._send_time = 2 * context.settings.timeout
        self._lease = self._send_time + context.settings.timeout
        self._sender = Sender(number, context, self._lease)

    async def run(self) -> None:
        """Deliver until told to stop. No failure ends it."""
        stopping = self._context.stopping
        while not stopping.is_set():
            try:
                await self._round()
            except Exception as error:  # noqa: BLE001 - whatever it is, the other events still have to go out
                what = {"error": type(error).__name__, "at": log.where(error)}
                _log.error("a lane failed; retrying", lane=self.number, **what)
                await _wait(stopping, backoff(self._context.settings, 2))

    async def _round(self) -> None:
        """Claim and send once, then wait until there is more to do."""
        context = self._context
        if seconds := context.breaker.wait(self.number):
            await _wait(context.stopping, seconds)
            return
        self._woken.clear()
        try:
            claimed = await self._claim()
            await self._send(claimed)
        finally:
            context.withdraw(self.number)
        if not claimed:
            await _wait(self._woken, context.next_try(self.number, POLL))
        elif self._is_little(claimed):
            await _wait(context.stopping, GATHER)

    def _is_little(self, claimed: Sequence[ClaimedEvent]) -> bool:
        """Whether the events fill less than half a batch."""
        settings, size = self._context.settings, sum(len(event.event) for event in claimed)
        return 2 * len(claimed) < settings.batch_events and 2 * size < settings.batch_bytes

    async def _claim(self) -> list[ClaimedEvent]:
        settings = self._context.settings
        return await self._context.store.claim(
            self.number,
            settings.lanes,
            events=settings.batch_events,
            size=settings.batch_bytes,
            lease=self._lease,
            without=self._context.paused(self.number),
        )

    async def _send(self, claimed: Sequence[ClaimedEvent]) -> None:
        """Send what was claimed, source by source, those in trouble last."""
        claim, until = Claim(claimed), time.monotonic() + self._send_time
        try:
            await self._drop_large(claim)
            for source in sorted(claim.sources, key=self._failures):
                while claim.events(source) and self._may_send(source, until):
                    await self._sender.send_next(claim, source)
        finally:
            if claim.seqs:
                await self._context.store.release(claim.seqs)

    def _failures(self, source: str) -> int:
        return self._context.source(source).breaker.failures

    def _may_send(self, source: str, until: float) -> bool:
        context = self._context
        waits = context.breaker.wait(self.number) or context.source(source).breaker.wait(self.number)
        return not (waits or context.stopping.is_set()) and time.monotonic() < until

    async def _drop_large(self, claim: Claim) -> None:
        """Make dead letters of events that are too long to be sent."""
        limit = self._context.settings.event_limit
        for source in claim.sources:
            large = [event for event in claim.events(source) if len(event.event) > limit]
            if large:
                letters = [_too_large(event, limit) for event in large]
                await acknowledge(self._context, source, [], letters)
                claim.remove(source, large)


def _too_large(event: ClaimedEvent, limit: int) -> DeadEvent:
    reason = f"the event has {len(event.event)} bytes, delivery.event_limit is {limit}"
    return DeadEvent(event.seq, event.message_id, "delivery/too-large", reason)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Wait until an event is set, or for at most so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
