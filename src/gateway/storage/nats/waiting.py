"""Holds the events of one log that were read and are not delivered, and what is settled of each message."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
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
    """

    packed: chunk.PackedEvent
    number: int
    accepted_at: float
    call: StoredCall | None
    refusals: int = 0
    lease_until: float = 0.0

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        return len(self.packed.event) + chunk.OVERHEAD


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
    _unsettled: dict[int, int] = field(default_factory=dict)
    """How many events of each message that was read are not settled."""

    def add(self, sequence: int, at: float, packed: chunk.Chunk, progress: Progress) -> list[Waiting]:
        """Hold the events of a message that are not settled, and return them."""
        settled = progress.settled.get(sequence, set())
        self._unsettled[sequence] = len(packed.events) - len(settled)
        added = []
        for index, event in enumerate(packed.events):
            if index in settled:
                continue
            number = chunk.number_of(sequence, index)
            call = packed.calls[event.call] if event.call >= 0 else None
            one = Waiting(event, number, at, call, progress.refusals.get(number, 0))
            self.by_number[number] = one
            if one.refusals:
                self.refused[number] = one
            self.bytes += one.size
            added.append(one)
        return added

    def settle(self, settled: Iterable[Waiting], progress: Progress) -> None:
        """Hold these no longer, and count them as settled."""
        for one in settled:
            sequence, index = chunk.place_of(one.number)
            progress.settled.setdefault(sequence, set()).add(index)
            progress.refusals.pop(one.number, None)
            self._unsettled[sequence] -= 1
            self.bytes -= one.size
            self.by_number.pop(one.number)
            self.refused.pop(one.number, None)

    def move_floor(self, progress: Progress) -> int | None:
        """Raise the floor over messages that are settled whole, and return it; None if it stays."""
        before = progress.floor
        for sequence, count in list(self._unsettled.items()):
            if count:
                break
            progress.floor = sequence
            progress.settled.pop(sequence, None)
            del self._unsettled[sequence]
        return progress.floor if progress.floor > before else None

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
        """Whether any of them is leased."""
        now = time.monotonic()
        return any(one.lease_until > now for one in self)

    def __iter__(self) -> Iterator[Waiting]:
        return iter(self.by_number.values())

    def __len__(self) -> int:
        return len(self.by_number)

    def __contains__(self, number: object) -> bool:
        return number in self.by_number
