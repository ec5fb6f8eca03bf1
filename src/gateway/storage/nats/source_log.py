"""Reads the events of one source in one bucket, leases them, and settles them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
from nats.aio.client import Client

from ..records import ClaimedEvent, StoredCall
from . import chunk
from .api import ask, read
from .cursor import Cursor
from .publisher import Publisher
from .seen import Accepted, Seen

_READ_EVENTS = 10_000
"""The most events held of one log; a user's backlog of so many hides what is behind it."""
_READ_BYTES = 2**24
_LOOK_SECONDS = 0.5
"""How often the stream is looked at for events that other gateways accepted."""


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


@dataclass(slots=True)
class SourceLog:
    """The events of one source in one bucket that this gateway owns.

    Attributes:
        source: the source's name.
        bucket: the bucket.
        stream: the stream of events.
        seen_subject: where digests of this bucket are published.
        cursor: what is delivered of it.
        waiting: events that were read and are not settled, by number, in order.
        refused: those that were refused alone.
        appended: the sequence of its last message that this gateway published.
    """

    source: str
    bucket: int
    stream: str
    seen_subject: str
    cursor: Cursor
    _client: Client
    _publisher: Publisher
    _seen: Seen
    waiting: dict[int, Waiting] = field(default_factory=dict)
    refused: dict[int, Waiting] = field(default_factory=dict)
    appended: int = 0
    _read_to: int = 0
    _held_bytes: int = 0
    _looked_at: float = 0.0
    _unsettled: dict[int, int] = field(default_factory=dict)
    """How many events of each message that was read are not settled."""
    _is_saved: bool = True
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def subjects(self) -> str:
        """The subjects of its messages."""
        return f"{self.stream}.{self.bucket}.{chunk.token(self.source)}.>"

    async def fetch(self) -> None:
        """Read what was appended, unless enough is held already."""
        now = time.monotonic()
        if self._read_to >= self.appended and now - self._looked_at < _LOOK_SECONDS:
            return
        async with self._lock:
            self._looked_at = now
            await self._read()
            for _ in range(100):  # a replica may not have what was acknowledged a moment ago
                if self._read_to >= self.appended or self._is_full:
                    return
                await asyncio.sleep(0.01)
                await self._read()

    @property
    def _is_full(self) -> bool:
        return len(self.waiting) >= _READ_EVENTS or self._held_bytes >= _READ_BYTES

    async def _read(self) -> None:
        self._read_to = max(self._read_to, self.cursor.progress.floor)
        duplicates: list[int] = []
        while not self._is_full:
            before = self._read_to
            request = {"seq": before + 1, "batch": 256, "max_bytes": 2**21, "next_by_subj": self.subjects}
            async for message in read(self._client, self.stream, **request):
                duplicates += self._add(message.sequence, message.at, chunk.decode(message.data))
                self._read_to = message.sequence
            if self._read_to == before:
                break
        if duplicates:
            await self._settle(duplicates)

    def _add(self, sequence: int, at: float, packed: chunk.Chunk) -> list[int]:
        """Hold the events of a message, and return the numbers of those that were accepted before."""
        settled = self.cursor.progress.settled.get(sequence, set())
        self._unsettled[sequence] = len(packed.events) - len(settled)
        known = self._seen.among([event.digest for event in packed.events], at)
        duplicates, accepted = [], []
        for index, event in enumerate(packed.events):
            number = chunk.number_of(sequence, index)
            if index in settled:
                continue
            if known.get(event.digest, number) < number:
                duplicates.append(number)
            else:
                known[event.digest] = number
                accepted.append(Accepted(event.digest, number, at))
            call = packed.calls[event.call] if event.call >= 0 else None
            refusals = self.cursor.progress.refusals.get(number, 0)
            self.waiting[number] = waiting = Waiting(event, number, at, call, refusals)
            if refusals:
                self.refused[number] = waiting
            self._held_bytes += len(event.event)
        self._seen.remember(accepted)
        return duplicates

    def claimed(self, one: Waiting, lease: float) -> ClaimedEvent:
        """Lease an event."""
        one.lease_until = time.monotonic() + lease
        event = one.packed
        return ClaimedEvent(
            one.number, self.source, event.message_id, event.user, event.event, one.accepted_at, one.refusals
        )

    def behind(self, number: int, refusals_below: int) -> Waiting | None:
        """The next event of the same user behind this one that was refused alone less often."""
        user = self.waiting[number].packed.user if number in self.waiting else None
        behind = (
            one
            for one in self.waiting.values()
            if one.number > number and one.packed.user == user and one.refusals < refusals_below
        )
        return next(behind, None)

    async def settle(self, numbers: Sequence[int], *, is_seen: bool = True) -> None:
        """Record that these events are delivered or dead, for whoever owns the log after this gateway.

        Unless `is_seen`, duplicates of them are accepted from now on.
        """
        async with self._lock:
            await self._settle(numbers, is_seen=is_seen)

    async def _settle(self, numbers: Sequence[int], *, is_seen: bool = True) -> None:
        settled = [self.waiting[number] for number in numbers if number in self.waiting]
        if settled:
            accepted = [Accepted(one.packed.digest, one.number, one.accepted_at) for one in settled]
            if is_seen:
                await self._publisher.publish_once(self.seen_subject, msgspec.msgpack.encode(accepted))
            self._forget(settled)
            self._is_saved = False
        if self._is_saved:
            return
        floor = self._move_floor()
        await self.cursor.save()
        self._is_saved = True
        if floor is not None:
            await ask(self._client, f"STREAM.PURGE.{self.stream}", filter=self.subjects, seq=floor + 1)

    def _forget(self, settled: Iterable[Waiting]) -> None:
        """Hold these no longer, and count them as settled."""
        progress = self.cursor.progress
        for one in settled:
            sequence, index = chunk.place_of(one.number)
            progress.settled.setdefault(sequence, set()).add(index)
            progress.refusals.pop(one.number, None)
            self._unsettled[sequence] -= 1
            self._held_bytes -= len(one.packed.event)
            self.waiting.pop(one.number)
            self.refused.pop(one.number, None)

    def _move_floor(self) -> int | None:
        """Raise the floor over messages that are settled whole, and return it; None if it stays."""
        progress, before = self.cursor.progress, self.cursor.progress.floor
        for sequence, count in list(self._unsettled.items()):
            if count:
                break
            progress.floor = sequence
            progress.settled.pop(sequence, None)
            del self._unsettled[sequence]
        return progress.floor if progress.floor > before else None

    async def postpone(self, number: int, refusals: int, seconds: float) -> None:
        """Note how often an event was refused alone, and lease it for the seconds until its next try."""
        async with self._lock:
            one = self.waiting.get(number)
            if one is None:
                return
            one.refusals, one.lease_until = refusals, time.monotonic() + seconds
            self.refused[number] = one
            self.cursor.progress.refusals[number] = refusals
            await self.cursor.save()

    @property
    def is_leased(self) -> bool:
        """Whether any of its events is leased."""
        now = time.monotonic()
        return any(one.lease_until > now for one in self.waiting.values())

    def __iter__(self) -> Iterator[Waiting]:
        return iter(self.waiting.values())
