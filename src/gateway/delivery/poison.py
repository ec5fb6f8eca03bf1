"""Tells when an event is poison: when the destination refuses its batch because of it.

A refused batch is halved until the event stands alone. The store counts how often it was refused alone. Once
that is often enough, it becomes a dead letter, but only if another event of its source was accepted since its
first refusal, and it is refused again after that. Then the fault is its own: a wrong key or an outage would
have stopped the other event as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..settings.model import DeliverySettings
from ..storage.records import ClaimedEvent, DeadEvent
from .batch import never_refused
from .destination import Failed, Refused

_FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class Search:
    """A search for the event at fault in the smallest batch that was refused.

    Attributes:
        seqs: the events of the batch.
        since: when the latest refusal of the search came, by the monotonic clock.
    """

    seqs: frozenset[int]
    since: float

    def suspects(self, events: Sequence[ClaimedEvent]) -> int:
        """How many of these events were in the batch, and have not been refused alone."""
        return sum(event.seq in self.seqs for event in never_refused(events))


@dataclass(slots=True)
class RefusedEvent:
    """An event that was refused alone and is sent alone again later. Its user's later events wait behind it.

    Attributes:
        lane: the number of its lane.
        since: when it was first refused alone, by the monotonic clock.
        due: when it is tried again.
        is_exhausted: whether it was refused as often as it may be.
    """

    lane: int
    since: float
    due: float
    is_exhausted: bool


def refusals_after(event: ClaimedEvent, answer: Refused | Failed, settings: DeliverySettings) -> int:
    """How often the event counts as refused after this answer to it alone."""
    return max(settings.attempts if _is_about_event(answer) else 0, event.refusals + 1)


def dead_event(event: ClaimedEvent, answer: Refused | Failed) -> DeadEvent:
    """The dead letter that an event becomes with this answer to it alone."""
    status = answer.status
    told = (
        f"answered {status} to this event alone" if status else f"failed at this event alone ({answer.reason})"
    )
    times = "" if _is_about_event(answer) else f", {event.refusals + 1} times"
    rule = f"delivery/{status or 'failed'}"
    return DeadEvent(event.seq, event.message_id, rule, f"the destination {told}{times}", answer.text)


def _is_about_event(answer: Refused | Failed) -> bool:
    """Whether once is enough: a 4xx is about the event, a 403 or a failure may be about anything."""
    return isinstance(answer, Refused) and answer.status != _FORBIDDEN
