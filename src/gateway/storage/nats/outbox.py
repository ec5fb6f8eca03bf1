"""Publishes batches of events: those of one bucket and source one after another, all others at once."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from ..records import StoreBusy, StoredCall, StoreFull
from . import chunk
from .accepted import Accepted
from .pending import Batch
from .publisher import Publisher
from .seen import Seen


@dataclass(slots=True)
class Outbox:
    """While a batch is being published, the next of its bucket and source fills up.

    So one that is tried again is not overtaken by the next.

    Attributes:
        max_bytes: the most that a message may hold.
        appended: called with the bucket, the source and the sequence of each message.
    """

    _publisher: Publisher
    _seen: Seen
    _stream: str
    max_bytes: int
    appended: Callable[[int, str, int], None]
    _next: dict[tuple[int, str], Batch] = field(default_factory=dict)
    _pending: dict[bytes, Batch] = field(default_factory=dict)
    _publishing: dict[tuple[int, str], asyncio.Task[None]] = field(default_factory=dict)

    def batch_of(self, digest: bytes) -> Batch | None:
        """The batch of an event that is not published yet."""
        return self._pending.get(digest)

    def add(self, bucket: int, source: str, event: chunk.PackedEvent, call: StoredCall | None) -> Batch:
        """Have an event published with the next batch, and return that."""
        log = bucket, source
        batch = self._next.get(log)
        if batch is None:
            batch = self._next[log] = Batch(bucket, source)
        batch.events.append(event)
        batch.calls.append(call)
        self._pending[event.digest] = batch
        if log not in self._publishing:
            self._publishing[log] = asyncio.create_task(self._publish_all(log))
        return batch

    async def finish(self) -> None:
        """Wait until everything is published, or has failed."""
        while self._publishing:
            await asyncio.wait(self._publishing.values())

    async def _publish_all(self, log: tuple[int, str]) -> None:
        """Publish what waits of a bucket and source, until nothing does."""
        while batch := self._next.pop(log, None):
            error = None
            try:
                await self._publish(batch)
            except Exception as failure:  # noqa: BLE001 - whoever waits for the batch is told
                error = failure
            for event in batch.events:
                del self._pending[event.digest]
            batch.finish(error)
        del self._publishing[log]

    async def _publish(self, batch: Batch) -> None:
        if not batch.is_wanted:
            raise StoreBusy("nobody waits any longer")
        for packed in chunk.pack(batch.events, batch.calls, self.max_bytes):
            subject = f"{self._stream}.{batch.bucket}.{chunk.token(batch.source)}.{len(packed.events)}"
            data = chunk.encode(packed)
            if len(data) > self.max_bytes:
                raise StoreFull(f"an event of {len(data)} bytes, more than {self.max_bytes}: raise max_payload")
            sequence = await self._publisher.publish(subject, data, uuid.uuid4().hex)
            now = time.time()
            self._seen.remember(
                Accepted(event.digest, chunk.number_of(sequence, index), now)
                for index, event in enumerate(packed.events)
            )
            self.appended(batch.bucket, batch.source, sequence)
