"""Publishes the events that callers bring together: one message for each bucket and source they touch."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from zlib import crc32

from ..records import NewEvent, Receipt, StoreBusy, StoredCall
from . import chunk
from .ownership import BUCKETS
from .publisher import Publisher
from .seen import Accepted, Seen, digest

_GATHER = 0.002
"""Seconds for which the first caller waits for others: a message costs the same whatever is in it."""


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
        known = set(self._seen.among(keys, time.time()))
        packed: dict[tuple[int, str], list[chunk.PackedEvent]] = defaultdict(list)
        calls: dict[tuple[int, str], list[StoredCall]] = defaultdict(list)
        receipts, places = [], []
        for one in group:
            duplicates, touched = [], set()
            for position, (event, key) in enumerate(zip(one.events, one.digests, strict=True)):
                if key in known:
                    duplicates.append(position)
                    continue
                known.add(key)
                place = (bucket_of(event.source, event.user), event.source)
                if one.call and place not in touched:
                    calls[place].append(one.call)
                touched.add(place)
                index = len(calls[place]) - 1 if one.call else -1
                packed[place].append(chunk.PackedEvent(event.message_id, event.user, event.event, key, index))
            receipts.append(Receipt(len(one.events) - len(duplicates), tuple(duplicates), ()))
            places.append(touched)
        results = dict(
            zip(
                packed,
                await asyncio.gather(
                    *(self._publish_place(*place, events, calls[place]) for place, events in packed.items()),
                    return_exceptions=True,
                ),
                strict=True,
            )
        )
        for one, receipt, touched in zip(group, receipts, places, strict=True):
            if one.future.done():
                continue
            failures = [result for place in touched if (result := results[place]) is not None]
            if failures:
                one.future.set_exception(failures[0])
                one.future.exception()  # the caller may be gone
            else:
                one.future.set_result(receipt)

    async def _publish_place(
        self, bucket: int, source: str, events: list[chunk.PackedEvent], calls: list[StoredCall]
    ) -> None:
        """Publish the events of one bucket and source, in their order."""
        for part in chunk.split(events, self._max_bytes):
            subject = f"{self._stream}.{bucket}.{chunk.token(source)}.{len(part)}"
            data = chunk.encode(chunk.Chunk(list(part), calls))
            sequence = await self._publisher.publish(subject, data, uuid.uuid4().hex)
            now = time.time()
            self._seen.remember(
                Accepted(event.digest, chunk.number_of(sequence, index), now)
                for index, event in enumerate(part)
            )
            self.appended(bucket, source, sequence)
