"""Takes the next batch from events that were claimed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import TypeAlias

from ..storage.records import ClaimedEvent
from .dataplane import ENVELOPE

Batch: TypeAlias = Sequence[ClaimedEvent]
"""Events of one source that are sent together. If there is only one, the answer is about that event."""


def never_refused(events: Sequence[ClaimedEvent]) -> list[ClaimedEvent]:
    """The events at the beginning that were never refused alone."""
    return list(takewhile(lambda event: not event.refusals, events))


def next_batch(events: Sequence[ClaimedEvent], most: int, limit: int) -> Batch:
    """Take at most `most` events and, but for the first, at most `limit` bytes as a request.

    An event that was refused alone before is sent alone.
    """
    batch, size = [events[0]], ENVELOPE + len(events[0].event)
    for event in never_refused(events)[1:most]:
        size += len(event.event) + 1
        if size > limit:
            break
        batch.append(event)
    return batch
