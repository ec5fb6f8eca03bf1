"""Appends the events that callers bring together, once each, and answers the callers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from zlib import crc32

import msgspec

from ..records import NewEvent, Receipt, StoreBusy, StoredCall
from . import chunk
from .accepted import digest
from .outbox import Outbox
from .ownership import BUCKETS
from .pending import PendingAppend
from .publisher import ANSWER_SECONDS
from .seen import Seen

_GATHER = 0.002
"""Seconds for which a caller who is not alone waits for others: a message costs the same whatever is in it."""


def bucket_of(source: str, user: str) -> int:
    """The bucket of this user's events."""
    return crc32(f"{source}\0{user}".encode()) % BUCKETS


@dataclass(slots=True)
class Appender:
    """Collects what waits, and has it published.

    Attributes:
        waiting: calls that are not answered yet.
    """

    _outbox: Outbox
    _seen: Seen
    _location: str
    _max_waiting: int
    _patience: float
    waiting: int = 0
    _gathered: list[PendingAppend] = field(default_factory=list)
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
        pending = PendingAppend(events, [replays.get(key, key) for key in digests], call)
        self._gathered.append(pending)
        if len(self._gathered) == 1:
            self._start(self._gather())
        self.waiting += 1
        try:
            async with asyncio.timeout(max(self._patience, ANSWER_SECONDS)):
                return await asyncio.shield(pending.future)
        except TimeoutError:
            pending.future.cancel()
            raise StoreBusy(f"{self._location} does not answer") from None
        finally:
            self.waiting -= 1

    async def finish(self) -> None:
        """Wait until all that was asked for is answered."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._outbox.finish()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _gather(self) -> None:
        await asyncio.sleep(_GATHER if self.waiting > 1 else 0)
        group, self._gathered = self._gathered, []
        keys = [key for pending in group for key in pending.digests]
        try:
            seen = (await self._seen.look_up(keys)).among(keys, time.time())
        except StoreBusy as error:
            for pending in group:
                pending.fail(error)
            return
        for pending in group:
            try:
                self._add(pending, seen)
            except Exception as error:  # noqa: BLE001 - it is the call's own; those beside it go on
                pending.fail(error)

    def _add(self, pending: PendingAppend, seen: Mapping[bytes, int]) -> None:
        """Put the new events of a call into the batches that are published next."""
        duplicates = []
        call = self._shortened(pending.call)
        for position, (event, key) in enumerate(zip(pending.events, pending.digests, strict=True)):
            if batch := self._outbox.batch_of(key):  # kept if the event that it duplicates is
                pending.wait_for(batch)
                duplicates.append(position)
            elif key in seen:
                duplicates.append(position)
            else:
                packed = chunk.PackedEvent(event.message_id, event.user, event.event, key)
                bucket = bucket_of(event.source, event.user)
                pending.wait_for(self._outbox.add(bucket, event.source, packed, call))
        pending.receipt = Receipt(len(pending.events) - len(duplicates), tuple(duplicates), ())
        pending.answer()

    def _shortened(self, call: StoredCall | None) -> StoredCall | None:
        """The call, without its body if that would leave little room for events."""
        if call is None or len(call.body) < self._outbox.max_bytes // 4:
            return call
        return msgspec.structs.replace(call, body=b"")
