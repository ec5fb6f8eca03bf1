"""Holds the events of one log that were read and are not delivered."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ..records import StoredCall
from . import chunk
from .cursor import Progress


@dataclass(slots=True)
class WaitingEvent:
    """An event that is not delivered yet.

    Attributes:
        packed: the event.
        number: its number in the store.
        accepted_at: epoch seconds.
        call: the call it came in, if that is kept.
        refusals: how often it was refused alone.
        lease_until: when its lease ends, by the monotonic clock.
        is_postponed: whether it is leased only until its next try.
    """

    packed: chunk.PackedEvent
    number: int
    accepted_at: float
    call: StoredCall | None
    refusals: int = 0
    lease_until: float = 0.0
    is_postponed: bool = False

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes, without its call."""
        return self.packed.size


@dataclass(slots=True)
class _Message:
    """How many events a message has, how many of them wait, and how many bytes its calls take meanwhile."""

    size: int
    waiting: int
    call_bytes: int


@dataclass(slots=True)
class WaitingEvents:
    """The events of one log that wait, in their order.

    Attributes:
        by_number: all of them.
        refused: those that were refused alone.
        bytes: about how much memory they take.
    """

    by_number: dict[int, WaitingEvent] = field(default_factory=dict)
    refused: dict[int, WaitingEvent] = field(default_factory=dict)
    bytes: int = 0
    _messages: dict[int, _Message] = field(default_factory=dict)
    """The messages that they are in, by sequence."""

    def add(self, sequence: int, at: float, message: chunk.Chunk, progress: Progress) -> list[WaitingEvent]:
        """Hold the events of a message that are not settled, and return them."""
        indexes: Sequence[int] = range(len(message.events))
        if sequence <= progress.top:
            indexes = progress.waiting.get(sequence, ())
        if indexes:
            call_bytes = sum(map(chunk.size_of, message.calls))
            self._messages[sequence] = _Message(len(message.events), len(indexes), call_bytes)
            self.bytes += call_bytes
        added = []
        for index in indexes:
            packed = message.events[index]
            number = chunk.number_of(sequence, index)
            call = message.calls[packed.call] if packed.call >= 0 else None
            event = WaitingEvent(packed, number, at, call, progress.refusals.get(number, 0))
            self.by_number[number] = event
            if event.refusals:
                self.refused[number] = event
            self.bytes += event.size
            added.append(event)
        return added

    def settle(self, settled: Iterable[WaitingEvent], progress: Progress) -> list[int]:
        """Hold these no longer, and return the sequences of messages that no event waits in any more."""
        done = []
        for event in settled:
            sequence, _ = chunk.sequence_and_index(event.number)
            progress.top = max(progress.top, sequence)
            progress.refusals.pop(event.number, None)
            self.bytes -= event.size
            self.by_number.pop(event.number)
            self.refused.pop(event.number, None)
            self._messages[sequence].waiting -= 1
            if not self._messages[sequence].waiting:
                self.bytes -= self._messages.pop(sequence).call_bytes
                done.append(sequence)
        return done

    def write(self, progress: Progress, read_to: int) -> None:
        """Write into the progress what waits; messages were read up to the sequence `read_to`.

        However much is delivered behind an event that waits, the progress is not larger than what is held.
        What waits in messages that an earlier owner read, and that are not read again yet, stays in it.
        """
        progress.floor = min(self._messages, default=read_to + 1) - 1
        waiting: defaultdict[int, list[int]] = defaultdict(list)
        for number in self.by_number:
            sequence, index = chunk.sequence_and_index(number)
            if sequence > progress.top:
                break
            waiting[sequence].append(index)
        settled = {
            sequence: self._messages[sequence].size - len(indexes) for sequence, indexes in waiting.items()
        }
        unread = [sequence for sequence in progress.waiting if sequence > read_to]
        progress.waiting = waiting | {sequence: progress.waiting[sequence] for sequence in unread}
        progress.settled = settled | {sequence: progress.settled[sequence] for sequence in unread}

    def behind(self, number: int, refusals_below: int) -> WaitingEvent | None:
        """The next event of the same user behind this event that was refused alone less often."""
        first = self.by_number.get(number)
        behind = (
            event
            for event in self
            if first is not None
            and event.number > number
            and event.packed.user == first.packed.user
            and event.refusals < refusals_below
        )
        return next(behind, None)

    @property
    def is_leased(self) -> bool:
        """Whether any of them is being sent."""
        now = time.monotonic()
        return any(event.lease_until > now and not event.is_postponed for event in self)

    def __iter__(self) -> Iterator[WaitingEvent]:
        return iter(self.by_number.values())

    def __len__(self) -> int:
        return len(self.by_number)

    def __contains__(self, number: object) -> bool:
        return number in self.by_number
