"""Finds the event that makes a destination refuse a batch, and decides when it becomes a dead letter.

A refused batch is halved until one event is left. The store counts how often an event was refused alone. The
event becomes a dead letter once that was often enough, and another event of its source was accepted since the
first refusal: then neither the key, nor the address, nor an outage can be the cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..settings.model import DeliverySettings
from ..storage.records import ClaimedEvent, DeadEvent
from .batch import Batch
from .destination import Failed, Refused

_FORBIDDEN, _SERVER_ERROR = 403, 500


@dataclass(frozen=True, slots=True)
class Search:
    """A search for the event at fault in a refused batch.

    Attributes:
        last: the seq that ends the smallest batch refused so far.
        since: when the search began, by the monotonic clock.
    """

    last: int
    since: float

    def narrowed(self, batch: Batch) -> Search:
        """The search after a smaller batch was refused."""
        return Search(min(self.last, batch.seqs[-1]), self.since)

    def size(self, events: Sequence[ClaimedEvent]) -> int:
        """How many of these events to send together; all of them once the search is over."""
        suspected = sum(event.seq <= self.last for event in events)
        return max(suspected // 2, 1) if suspected else len(events)


@dataclass(slots=True)
class RefusedEvent:
    """An event that was refused alone and is sent alone again later. Its user's later events wait behind it.

    Attributes:
        event: as it was claimed.
        lane: the lane of its user.
        since: when it was first refused, by the monotonic clock.
        is_exhausted: whether it was refused as often as it may be.
        due: when it is sent again, by the monotonic clock.
        letter: the dead letter it becomes, if it becomes one.
        behind: the dead letters that its user's next events become: those also refused as often as they may be.
    """

    event: ClaimedEvent
    lane: int
    since: float
    is_exhausted: bool
    due: float
    letter: DeadEvent
    behind: list[DeadEvent] = field(default_factory=list)

    @property
    def last(self) -> int:
        """The seq after which the user's first event comes that may still be accepted."""
        return self.behind[-1].seq if self.behind else self.event.seq


def refusals_allowed(answer: Refused | Failed, settings: DeliverySettings) -> int:
    """How often an event must be refused alone with this answer before it may become a dead letter.

    A 4xx blames the event, so one is enough. A 403 or a failure may have any cause, so it takes several.
    """
    if isinstance(answer, Failed) or answer.status == _FORBIDDEN or answer.status >= _SERVER_ERROR:
        return settings.attempts
    return 1


def dead_event(event: ClaimedEvent, answer: Refused | Failed) -> DeadEvent:
    """The dead letter that an event refused alone just now becomes."""
    times = event.refusals + 1
    said = f"the destination answered {answer.status}" if answer.status else "the destination did not answer"
    repeated = f", {times} times" if times > 1 else ""
    reason = f"{said} to this event alone{repeated}"
    if isinstance(answer, Failed) and not answer.status:
        reason = f"{reason}: {answer.reason}"
    return DeadEvent(event.seq, event.message_id, f"delivery/{answer.status or 'failed'}", reason, answer.text)
