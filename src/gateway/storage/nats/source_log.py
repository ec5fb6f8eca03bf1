"""Reads the events of one source in one bucket, leases them, and settles them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec
from nats.aio.client import Client

from ..records import ClaimedEvent
from . import chunk
from .accepted import Accepted
from .api import StoredMessage, ask, delete, following, read
from .cursor import Cursor
from .publisher import Publisher
from .seen import Lookup, Seen
from .seen_stream import SeenStream
from .waiting import WaitingEvent, WaitingEvents

_MAX_EVENTS = 10_000
"""The most events held of one log, which each claim looks through."""
_LOOK_SECONDS = 0.5
"""How often the stream is looked at for events that other gateways accepted: hints of them may be lost."""

_TRIES = 20
"""How often a replica is asked, ten milliseconds apart, for what it must have soon."""


@dataclass(slots=True)
class SourceLog:
    """The events of one source in one bucket that this gateway owns.

    Attributes:
        source: the source's name.
        bucket: the bucket.
        stream: the stream of events.
        seen_subject: where digests of this bucket are published.
        cursor: what is delivered of it.
        room: how many bytes may be read now, given those that it holds.
        waiting: events that were read and are not settled.
        appended: the sequence of its last message that this gateway knows of.
    """

    source: str
    bucket: int
    stream: str
    seen_subject: str
    cursor: Cursor
    room: Callable[[SourceLog], int]
    _client: Client
    _publisher: Publisher
    _seen: Seen
    _seen_stream: SeenStream
    waiting: WaitingEvents = field(default_factory=WaitingEvents)
    appended: int = 0
    _read_to: int = 0
    _looked_at: float = 0.0
    _is_full: bool = False
    """Whether the last read stopped because enough was held."""
    _duplicates: list[int] = field(default_factory=list)
    _settled_messages: set[int] = field(default_factory=set)
    """The sequences of messages that nothing waits in, and that are still in the stream."""
    _is_saved: bool = True
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        """An earlier owner may have stopped before it deleted what it had settled."""
        if self.cursor.progress.floor:
            self._settled_messages.add(self.cursor.progress.floor)

    @property
    def subjects(self) -> str:
        """The subjects of its messages."""
        return f"{self.stream}.{self.bucket}.{chunk.token(self.source)}.>"

    async def fetch(self) -> None:
        """Read what was appended, unless enough is held already."""
        now = time.monotonic()
        is_recent = not self._is_behind and now - self._looked_at < _LOOK_SECONDS
        if is_recent and not self._is_full and not self._duplicates:
            return
        async with self._lock:
            self._looked_at = now
            for _ in range(_TRIES):  # a replica may not have what was acknowledged a moment ago
                await self._read()
                if self._is_full or not self._is_behind:
                    return
                await asyncio.sleep(0.01)
            await self._read_from_leader()

    @property
    def _is_behind(self) -> bool:
        """Whether a message is missing that is known of, and that no owner of this log has read."""
        return max(self._read_to, self.cursor.progress.top) < self.appended

    async def _read(self) -> None:
        """Read on, until nothing is left or enough is held."""
        await self._settle_duplicates()
        self._read_to = max(self._read_to, self.cursor.progress.floor)
        before = -1
        while (size := self._size_to_read()) and self._read_to != before:
            before = self._read_to
            request = {"seq": before + 1, "batch": 256, "max_bytes": size, "next_by_subj": self.subjects}
            await self._add([message async for message in read(self._client, self.stream, **request)])
        self._is_full = not size

    async def _read_from_leader(self) -> None:
        """Read on one by one: the replica that answers, always the same one, may have come to a stop."""
        while self._is_behind and self._size_to_read():
            message = await following(self._client, self.stream, self._read_to + 1, self.subjects)
            if message is None:
                self.appended = self._read_to  # what was appended is settled, and deleted
                return
            await self._add([message])

    def _size_to_read(self) -> int:
        return self.room(self) if len(self.waiting) < _MAX_EVENTS else 0

    async def _add(self, messages: Sequence[StoredMessage]) -> None:
        """Hold the events of these messages, and settle those that were accepted before."""
        chunks = [(message, chunk.decode(message.data)) for message in messages]
        lookup = await self._look_up(chunks)
        for message, packed in chunks:
            known = lookup.among([event.digest for event in packed.events], message.at)
            accepted = []
            added = self.waiting.add(message.sequence, message.at, packed, self.cursor.progress)
            if not added:
                self._settled_messages.add(message.sequence)
            for event in added:
                if known.get(event.packed.digest, event.number) < event.number:
                    self._duplicates.append(event.number)
                else:
                    known[event.packed.digest] = event.number
                    accepted.append(Accepted(event.packed.digest, event.number, message.at))
            self._seen.remember(accepted)
            self._read_to = message.sequence
        await self._settle_duplicates()
        await self._delete_settled()

    async def _settle_duplicates(self) -> None:
        """If they cannot be settled, nothing is claimed until they are."""
        if self._duplicates:
            await self._settle(self._duplicates)
            self._duplicates.clear()

    async def _look_up(self, chunks: Sequence[tuple[StoredMessage, chunk.Chunk]]) -> Lookup:
        """What is known of these events, given which of them may be accepted again by now."""
        digests = [event.digest for _, packed in chunks for event in packed.events]
        lookup = await self._seen.look_up(digests)
        if any(_has_duplicates(message, packed, lookup) for message, packed in chunks):
            await self._seen_stream.read_forgotten()
            lookup = await self._seen.look_up(digests)
        return lookup

    def claimed(self, event: WaitingEvent, lease: float) -> ClaimedEvent:
        """Lease an event."""
        event.lease_until, event.is_postponed = time.monotonic() + lease, False
        about = event.packed.message_id, event.packed.user, event.packed.event
        return ClaimedEvent(event.number, self.source, *about, event.accepted_at, event.refusals)

    async def settle(self, numbers: Sequence[int], *, is_seen: bool = True) -> None:
        """Record that these events are delivered or dead, for whoever owns the log after this gateway.

        Unless `is_seen`, duplicates of them are accepted from now on.
        """
        async with self._lock:
            await self._settle(numbers, is_seen=is_seen)

    async def _settle(self, numbers: Sequence[int], *, is_seen: bool = True) -> None:
        settled = [self.waiting.by_number[number] for number in numbers if number in self.waiting]
        progress = self.cursor.progress
        if settled:
            accepted = [Accepted(event.packed.digest, event.number, event.accepted_at) for event in settled]
            if is_seen:
                await self._publisher.publish_once(self.seen_subject, msgspec.msgpack.encode(accepted))
            self._settled_messages.update(self.waiting.settle(settled, progress))
            self._is_saved = False
        if not self._is_saved:
            self.waiting.write(progress, self._read_to)
            await self.cursor.save()
            self._is_saved = True
        await self._delete_settled()

    async def _delete_settled(self) -> None:
        """Delete the messages that nothing waits in: together up to the floor, above it one by one."""
        messages, floor = self._settled_messages, self.cursor.progress.floor
        if not messages:
            return
        if min(messages) <= floor:
            await ask(self._client, f"STREAM.PURGE.{self.stream}", filter=self.subjects, seq=floor + 1)
        above = [sequence for sequence in messages if sequence > floor]
        await asyncio.gather(*(delete(self._client, self.stream, sequence) for sequence in above))
        messages.clear()

    async def postpone(self, number: int, refusals: int, seconds: float) -> None:
        """Note how often an event was refused alone, and lease it for the seconds until its next try."""
        async with self._lock:
            event = self.waiting.by_number.get(number)
            if event is None:
                return
            event.refusals = refusals
            event.lease_until, event.is_postponed = time.monotonic() + seconds, True
            self.waiting.refused[number] = event
            self.cursor.progress.refusals[number] = refusals
            await self.cursor.save()


def _has_duplicates(message: StoredMessage, packed: chunk.Chunk, lookup: Lookup) -> bool:
    known = lookup.among([event.digest for event in packed.events], message.at)
    numbers = (chunk.number_of(message.sequence, index) for index in range(len(packed.events)))
    return any(
        known.get(event.digest, number) < number for event, number in zip(packed.events, numbers, strict=True)
    )
