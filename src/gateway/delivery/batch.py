"""Groups the events that a lane has claimed into batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..storage.records import ClaimedEvent
from .dataplane import ENVELOPE


@dataclass(frozen=True, slots=True)
class Batch:
    """Events of one source, in order, to be sent together."""

    source: str
    events: Sequence[ClaimedEvent]

    @property
    def seqs(self) -> list[int]:
        """Their numbers in the store."""
        return [event.seq for event in self.events]

    @property
    def is_single(self) -> bool:
        """Whether it holds one event, so that the answer is about that event."""
        return len(self.events) == 1


class Claim:
    """The events a lane has claimed and still has to send, by source, each source's in order."""

    def __init__(self, events: Iterable[ClaimedEvent]) -> None:
        self._events: dict[str, list[ClaimedEvent]] = {}
        for event in events:
            self._events.setdefault(event.source, []).append(event)

    @property
    def sources(self) -> list[str]:
        """The sources that have events left."""
        return [source for source, events in self._events.items() if events]

    @property
    def seqs(self) -> list[int]:
        """The numbers of all events."""
        return [event.seq for events in self._events.values() for event in events]

    def events(self, source: str) -> Sequence[ClaimedEvent]:
        """The events of a source."""
        return self._events.get(source, ())

    def remove(self, source: str, events: Iterable[ClaimedEvent]) -> None:
        """Remove events that need nothing more."""
        gone = {event.seq for event in events}
        self._events[source] = [event for event in self._events[source] if event.seq not in gone]

    def single(self, source: str) -> Batch:
        """One event of the source: the first that was never refused alone, else the first."""
        events = self._events[source]
        return Batch(source, [next((event for event in events if not event.refusals), events[0])])

    def batch(self, source: str, max_events: int, max_bytes: int) -> Batch:
        """The source's next batch: at most `max_events`, in a request of at most `max_bytes`.

        The first event is always in it. An event that was refused alone before is sent alone again.
        """
        first, *others = self._events[source]
        events, size = [first], ENVELOPE + len(first.event)
        for event in [] if first.refusals else others[: max_events - 1]:
            size += len(event.event) + 1
            if size > max_bytes or event.refusals:
                break
            events.append(event)
        return Batch(source, events)
