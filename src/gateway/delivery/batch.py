"""Holds the events that a lane has claimed, and puts them into batches."""

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
        """Whether an event stands alone, so that what is answered is about it."""
        return len(self.events) == 1


class Claim:
    """The events a lane has claimed and not yet dealt with, by source, each source's in order."""

    def __init__(self, events: Iterable[ClaimedEvent]) -> None:
        self._events: dict[str, list[ClaimedEvent]] = {}
        for event in events:
            self._events.setdefault(event.source, []).append(event)

    @property
    def sources(self) -> list[str]:
        """The sources of which there are events."""
        return [source for source, events in self._events.items() if events]

    @property
    def seqs(self) -> list[int]:
        """The numbers of all events."""
        return [event.seq for events in self._events.values() for event in events]

    def events(self, source: str) -> Sequence[ClaimedEvent]:
        """The events of a source."""
        return self._events.get(source, ())

    def remove(self, source: str, events: Iterable[ClaimedEvent]) -> None:
        """Take out events that are dealt with."""
        gone = {event.seq for event in events}
        self._events[source] = [event for event in self._events[source] if event.seq not in gone]

    def single(self, source: str) -> Batch:
        """An event of the source alone: the first that was never refused alone, else the first."""
        events = self._events[source]
        return Batch(source, [next((event for event in events if not event.refusals), events[0])])

    def batch(self, source: str, most: int, limit: int) -> Batch:
        """The source's next batch: at most so many events, and, but for the first, so many bytes as a request.

        An event that was refused alone before is sent alone.
        """
        first, *others = self._events[source]
        events, size = [first], ENVELOPE + len(first.event)
        for event in [] if first.refusals else others[: most - 1]:
            size += len(event.event) + 1
            if size > limit or event.refusals:
                break
            events.append(event)
        return Batch(source, events)
