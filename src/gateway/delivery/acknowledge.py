"""Reports delivery results to the store, retrying until it accepts them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from ..storage.records import DeadEvent
from .breaker import backoff
from .context import DeliveryContext

_log = structlog.get_logger()


async def acknowledge(
    context: DeliveryContext, source: str, delivered: Sequence[int], dead: Sequence[DeadEvent] = ()
) -> None:
    """Report the events of a source as delivered (by seq) or dead, until the store has recorded it.

    A result that is lost would mean that the event is sent again.
    """
    failures = 0
    while True:
        try:
            await context.store.acknowledge(delivered, dead)
            break
        except Exception as error:  # noqa: BLE001 - a full disk or a lock: it will pass
            failures += 1
            _log.error("the store refuses delivery results; retrying", error=type(error).__name__)
            await asyncio.sleep(backoff(context.settings, failures))
    context.metrics.delivered(source, len(delivered))
    for letter in dead:
        about = {"source": source, "rule": letter.rule, "message_id": letter.message_id}
        _log.warning("an event became a dead letter", **about)
        context.metrics.dead(source, letter.rule, 1)


async def release(context: DeliveryContext, seqs: Sequence[int]) -> None:
    """End the leases of events, retrying until the store has done so: their users' later events wait for them.

    A delivery that is stopping gives up: whoever starts next does not wait for its leases.
    """
    failures = 0
    while seqs:
        try:
            await context.store.release(seqs)
            break
        except Exception as error:  # noqa: BLE001 - as above
            if context.stopping.is_set():
                break
            failures += 1
            _log.error("the store refuses to end leases; retrying", error=type(error).__name__)
            await asyncio.sleep(backoff(context.settings, failures))
