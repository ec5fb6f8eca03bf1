"""Chooses the events to deliver next, so that each user's stay in their order."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator, Sequence

from ..records import ClaimedEvent
from .source_log import SourceLog
from .waiting import Waiting

_MAX_REFUSED = 20
"""The most events of one claim that were refused alone before: each is sent alone, while others wait."""


def claim(logs: Sequence[SourceLog], events: int, size: int, lease: float) -> list[ClaimedEvent]:
    """Lease the oldest events of these logs: at most `events`, and at most `size` bytes but for the first."""
    now = time.monotonic()
    due = [one for log in logs for one in log.waiting.refused.values() if one.lease_until <= now]
    retried = {one.number for one in sorted(due, key=lambda one: one.lease_until)[:_MAX_REFUSED]}
    blocked: set[str] = set()
    chosen: list[ClaimedEvent] = []
    of_log = {log.bucket: log for log in logs}
    for _, bucket, one in heapq.merge(*map(_in_order, logs)):
        if one.packed.user in blocked:
            continue
        if one.lease_until > now or (one.refusals and one.number not in retried):
            blocked.add(one.packed.user)
        elif len(chosen) < events and (_size(one) <= size or not chosen):
            chosen.append(of_log[bucket].claimed(one, lease))
            size -= _size(one)
            if one.refusals:
                blocked.add(one.packed.user)
        else:
            break
    return chosen


def _in_order(log: SourceLog) -> Iterator[tuple[int, int, Waiting]]:
    return ((one.number, log.bucket, one) for one in log.waiting)


def _size(one: Waiting) -> int:
    return len(one.packed.event)
