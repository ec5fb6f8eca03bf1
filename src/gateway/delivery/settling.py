"""Settling: what became of events in, the store told out, however long it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from ..storage.records import ClaimedEvent
from .context import DeliveryContext

_log = structlog.get_logger("springhead.delivery")


async def bury(means: DeliveryContext, dead: Sequence[tuple[ClaimedEvent, str]], rule: str) -> None:
    """Make dead letters of events, each with its reason."""
    if dead:
        await settle(means, [], [(event.seq, rule, reason) for event, reason in dead])
    for event, _ in dead:
        _log.warning(
            "an event became a dead letter", source=event.source, rule=rule, message_id=event.message_id
        )
        means.observer.dead(event.source, rule, 1)


async def settle(
    means: DeliveryContext, delivered: Sequence[int], dead: Sequence[tuple[int, str, str]] = ()
) -> None:
    """Settle until it is done: what was sent and forgotten about would be sent twice."""
    tries = 0
    while True:
        try:
            await means.store.settle(delivered, dead)
        except Exception as error:  # noqa: BLE001 - a full disk, a lock: it will pass
            wait = means.backoff(tries)
            tries += 1
            _log.error("the store does not settle", error=type(error).__name__, tries=tries)
            await asyncio.sleep(wait)
        else:
            return
