"""Publishes the events that callers bring together: one message for each bucket and source they touch."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from zlib import crc32

import msgspec

from ..records import NewEvent, Receipt, StoreBusy, StoredCall
from . import chunk
from .ownership import BUCKETS
from .publisher import Publisher
from .seen import Accepted, Seen, digest

_GATHER = 0.002
"""Seconds for which the first caller waits for others: a message costs the same whatever is in it."""


_Place: TypeAlias = tuple[int, str]
"""A bucket, and a source in it."""


def bucket_of(source: str, user: str) -> int:
    """The bucket of this user's events."""
    return crc32(f"{source}\0{user}".encode()) % BUCKETS


@dataclass(slots=True)
class _Append:
    events: Sequence[NewEvent]
    digests: list[bytes]
    call: StoredCall | None
    future: asyncio.Future[Receipt] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass(slots=True)
class Appender:
    """Collects what waits, and publishes it.

    Attributes:
        waiting: calls that are not answered yet.
        appended: called with the bucket, the source and the sequence of each message.
    """

    _publisher: Publisher
    _seen: Seen
    _stream: str
    _max_bytes: int
    _location: str
    _max_waiting: int
    appended: Callable[[int, str, int], None]
    waiting: int = 0
    _gathered: list[_Append] = field(default_factory=list)
    _publishing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One group after another: what is published is known to the next, and keeps its order."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def append(
        self, events: Sequence[NewEvent], call: StoredCall | None, replays: Mapping[bytes, bytes]
    ) -> Receipt:
        """Append events, and return which were stored.

        Args:
            events: the events of one call.
            call: the call, if it is to be kept.
            replays: by the digest of an event that was dead, the digest that its replay has.

        Raises:
            StoreFull, StoreBusy: a part of them may be kept all the same.
        """
        if self.waiting >= self._max_waiting:
            raise StoreBusy(f"{self.waiting} calls are waiting for {self._location}: the cluster is too slow")
        digests = [digest(event.source, event.message_id) for event in events]
        one = _Append(events, [replays.get(key, key) for key in digests], call)
        self.waiting += 1
        try:
            self._gathered.append(one)
            if len(self._gathered) == 1:
                self._start(self._gather())
            return await asyncio.shield(one.future)
        finally:
            self.waiting -= 1

    async def finish(self) -> None:
        """Wait until all that was asked for is answered."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _gather(self) -> None:
        await asyncio.sleep(_GATHER)
        async with self._publishing:
            group, self._gathered = self._gathered, []
            await self._publish(group)

    async def _publish(self, group: list[_Append]) -> None:
        """Publish what is new in a group, and answer its callers."""
        keys = [key for one in group for key in one.digests]
        seen = self._seen.among(keys, time.time())
        placed: dict[bytes, _Place] = {}
        events: dict[_Place, list[chunk.PackedEvent]] = defaultdict(list)
        calls: dict[_Place, list[StoredCall | None]] = defaultdict(list)
        receipts = []
        for one in group:
            duplicates = []
            call = self._shortened(one.call)
            for position, (event, key) in enumerate(zip(one.events, one.digests, strict=True)):
                if key in seen or key in placed:
                    duplicates.append(position)
                    continue
                placed[key] = place = bucket_of(event.source, event.user), event.source
                events[place].append(chunk.PackedEvent(event.message_id, event.user, event.event, key))
                calls[place].append(call)
            receipts.append(Receipt(len(one.events) - len(duplicates), tuple(duplicates), ()))
        works = (self._publish_place(*place, events[place], calls[place]) for place in events)
        results = dict(zip(events, await asyncio.gather(*works, return_exceptions=True), strict=True))
        for one, receipt in zip(group, receipts, strict=True):
            # What is a duplicate of an event beside it is kept if that one is.
            failures = [results[placed[key]] for key in one.digests if key in placed]
            _answer(one.future, next(filter(None, failures), receipt))

    def _shortened(self, call: StoredCall | None) -> StoredCall | None:
        """The call, without its body if that would leave little room for events."""
        if call is None or len(call.body) < self._max_bytes // 4:
            return call
        return msgspec.structs.replace(call, body=b"")

    async def _publish_place(
        self,
        bucket: int,
        source: str,
        events: Sequence[chunk.PackedEvent],
        calls: Sequence[StoredCall | None],
    ) -> None:
        """Publish the events of one bucket and source in their order, each with the call it came in."""
        for packed in chunk.pack(events, calls, self._max_bytes):
            subject = f"{self._stream}.{bucket}.{chunk.token(source)}.{len(packed.events)}"
            sequence = await self._publisher.publish(subject, chunk.encode(packed), uuid.uuid4().hex)
            now = time.time()
            self._seen.remember(
                Accepted(event.digest, chunk.number_of(sequence, index), now)
                for index, event in enumerate(packed.events)
            )
            self.appended(bucket, source, sequence)


def _answer(future: asyncio.Future[Receipt], result: Receipt | BaseException) -> None:
    if future.done():
        return
    if isinstance(result, BaseException):
        future.set_exception(result)
        future.exception()  # the caller may be gone
    else:
        future.set_result(result)
