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
class Waiting:
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

    by_number: dict[int, Waiting] = field(default_factory=dict)
    refused: dict[int, Waiting] = field(default_factory=dict)
    bytes: int = 0
    _messages: dict[int, _Message] = field(default_factory=dict)
    """The messages that they are in, by sequence."""

    def add(self, sequence: int, at: float, packed: chunk.Chunk, progress: Progress) -> list[Waiting]:
        """Hold the events of a message that are not settled, and return them."""
        places: Sequence[int] = range(len(packed.events))
        if sequence <= progress.top:
            places = progress.waiting.get(sequence, ())
        if places:
            call_bytes = sum(map(chunk.size_of, packed.calls))
            self._messages[sequence] = _Message(len(packed.events), len(places), call_bytes)
            self.bytes += call_bytes
        added = []
        for index in places:
            event = packed.events[index]
            number = chunk.number_of(sequence, index)
            call = packed.calls[event.call] if event.call >= 0 else None
            one = Waiting(event, number, at, call, progress.refusals.get(number, 0))
            self.by_number[number] = one
            if one.refusals:
                self.refused[number] = one
            self.bytes += one.size
            added.append(one)
        return added

    def settle(self, settled: Iterable[Waiting], progress: Progress) -> list[int]:
        """Hold these no longer, and return the sequences of messages that no event waits in any more."""
        done = []
        for one in settled:
            sequence, _ = chunk.place_of(one.number)
            progress.top = max(progress.top, sequence)
            progress.refusals.pop(one.number, None)
            self.bytes -= one.size
            self.by_number.pop(one.number)
            self.refused.pop(one.number, None)
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
            sequence, index = chunk.place_of(number)
            if sequence > progress.top:
                break
            waiting[sequence].append(index)
        settled = {
            sequence: self._messages[sequence].size - len(places) for sequence, places in waiting.items()
        }
        unread = [sequence for sequence in progress.waiting if sequence > read_to]
        progress.waiting = waiting | {sequence: progress.waiting[sequence] for sequence in unread}
        progress.settled = settled | {sequence: progress.settled[sequence] for sequence in unread}

    def behind(self, number: int, refusals_below: int) -> Waiting | None:
        """The next event of the same user behind this one that was refused alone less often."""
        first = self.by_number.get(number)
        behind = (
            one
            for one in self
            if first is not None
            and one.number > number
            and one.packed.user == first.packed.user
            and one.refusals < refusals_below
        )
        return next(behind, None)

    @property
    def is_leased(self) -> bool:
        """Whether any of them is being sent."""
        now = time.monotonic()
        return any(one.lease_until > now and not one.is_postponed for one in self)

    def __iter__(self) -> Iterator[Waiting]:
        return iter(self.by_number.values())

    def __len__(self) -> int:
        return len(self.by_number)

    def __contains__(self, number: object) -> bool:
        return number in self.by_number
