"""Keeps events as plainly as a file or a cluster allows, for the floors of the stores."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nats
from nats.js.api import StreamConfig

from springhead.gateway.storage.records import NewEvent


class FileFloor:
    """The least that a group commit can do: bytes to the end of a file, one fsync for all that wait."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._thread = ThreadPoolExecutor(1)
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self.commits = 0

    async def append(self, entries: Sequence[NewEvent]) -> None:
        """Keep these; durable when it returns."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((b"\n".join(entry.event for entry in entries), future))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        await future

    async def _write(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            data = b"\n".join(data for data, _ in group)
            await asyncio.get_running_loop().run_in_executor(self._thread, self._sync, data)
            self.commits += 1
            for _, future in group:
                future.set_result(None)

    def _sync(self, data: bytes) -> None:
        self._file.write(data)
        os.fsync(self._file.fileno())


class NatsFloor:
    """The least that publishing costs: nats-py publishes the messages of a store again, into a stream like its.

    So many are on their way at a time as the store has: one for each bucket, unless there are fewer senders.
    """

    def __init__(self, servers: Sequence[str], events: str, in_flight: int) -> None:
        """`events` is the stream of the store."""
        self._servers = list(servers)
        self._events = events
        self._in_flight = in_flight
        self._read_to = 0

    async def open(self) -> None:
        """Connect, and make the stream."""
        self._client = await nats.connect(self._servers)
        self._jetstream = self._client.jetstream()
        info = await self._jetstream.stream_info(self._events)
        config = StreamConfig(
            name=f"{self._events}-floor",
            subjects=[f"{self._events}-floor.>"],
            num_replicas=info.config.num_replicas,
            duplicate_window=info.config.duplicate_window,
        )
        await self._jetstream.add_stream(config)

    async def messages(self) -> list[tuple[str, bytes]]:
        """The messages that the store published since this was called last."""
        found = []
        last = (await self._jetstream.stream_info(self._events)).state.last_seq
        for sequence in range(self._read_to + 1, last + 1):
            message = await self._jetstream.get_msg(self._events, sequence)
            subject = (message.subject or "").replace(self._events, f"{self._events}-floor", 1)
            found.append((subject, message.data or b""))
        self._read_to = last
        return found

    async def publish(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Publish these; a majority has them when it returns."""
        remaining = iter(messages)

        async def send() -> None:
            for subject, data in remaining:
                await self._jetstream.publish(subject, data, headers={"Nats-Msg-Id": os.urandom(16).hex()})

        await asyncio.gather(*(send() for _ in range(self._in_flight)))

    async def close(self) -> None:
        """Disconnect."""
        await self._client.close()
