"""Chooses the events to deliver next, so that each user's stay in their order."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator, Sequence

from ..records import ClaimedEvent
from .source_log import SourceLog
from .waiting import WaitingEvent

_MAX_REFUSED = 20
"""The most events of one claim that were refused alone before: each is sent alone, while others wait."""


def claim(logs: Sequence[SourceLog], events: int, size: int, lease: float) -> list[ClaimedEvent]:
    """Lease the oldest events of these logs: at most `events`, and at most `size` bytes but for the first."""
    now = time.monotonic()
    due = [event for log in logs for event in log.waiting.refused.values() if event.lease_until <= now]
    retried = {event.number for event in sorted(due, key=lambda event: event.lease_until)[:_MAX_REFUSED]}
    blocked: set[str] = set()
    chosen: list[ClaimedEvent] = []
    of_log = {log.bucket: log for log in logs}
    for _, bucket, event in heapq.merge(*map(_in_order, logs)):
        if event.packed.user in blocked:
            continue
        if event.lease_until > now or (event.refusals and event.number not in retried):
            blocked.add(event.packed.user)
        elif len(chosen) < events and (_size(event) <= size or not chosen):
            chosen.append(of_log[bucket].claimed(event, lease))
            size -= _size(event)
            if event.refusals:
                blocked.add(event.packed.user)
        else:
            break
    return chosen


def _in_order(log: SourceLog) -> Iterator[tuple[int, int, WaitingEvent]]:
    return ((event.number, log.bucket, event) for event in log.waiting)


def _size(event: WaitingEvent) -> int:
    return len(event.packed.event)
