"""Stands in for a RudderStack data plane: an HTTP server that takes batches, or fails on purpose."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, TypeAlias

Reply: TypeAlias = tuple[int, dict[str, str], str]
OK: Reply = (200, {}, "OK")
HANG: Reply = (0, {}, "hang")
"""Takes the batch and never answers."""
CUT: Reply = (0, {}, "cut")
"""Takes the batch and closes the connection in the middle of the answer."""


@dataclass
class Batch:
    """One request with its batch, as it came."""

    key: str
    headers: dict[str, str]
    body: dict[str, Any]
    size: int

    @property
    def ids(self) -> list[str]:
        """The messageIds, in order."""
        return [event["messageId"] for event in self.body["batch"]]


@dataclass
class FakeDataPlane:
    """A data plane: what came, what it took, and how it answers the next batch."""

    answer: Callable[[Batch], Reply] = lambda _batch: OK
    url: str = ""
    now: Callable[[], float] = time.time
    """Its clock."""
    came: list[Batch] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    """The messageIds of batches that were answered 200, or whose answer was lost on purpose."""
    under_way: int = 0
    most_under_way: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._answer(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = head.decode().strip().split("\r\n")
        if first == "GET /health HTTP/1.1":
            writer.write(
                f"HTTP/1.1 200 -\r\nContent-Length: 0\r\nDate: {formatdate(self.now())}\r\n\r\n".encode()
            )
            return
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        raw = await reader.readexactly(int(headers["content-length"]))
        body = gzip.decompress(raw) if headers.get("content-encoding") == "gzip" else raw
        assert first == "POST /v1/batch HTTP/1.1"
        user, _, password = (
            base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode().partition(":")
        )
        assert password == ""
        batch = Batch(user, headers, json.loads(body), len(body))
        self.came.append(batch)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self._reply(batch, writer)
        finally:
            self.under_way -= 1

    async def _reply(self, batch: Batch, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.001)
        status, headers, text = self.answer(batch)
        if status in (0, 200):
            self.taken += batch.ids
        if (status, text) == (0, "hang"):
            await asyncio.sleep(3600)
        length = len(text) + (100 if status == 0 else 0)
        lines = [f"HTTP/1.1 {status or 200} -", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", text]).encode("latin-1"))  # a text may hold any bytes
        await writer.drain()
        if status == 0:
            raise ConnectionError


def refusing(log_ids: set[str]) -> Callable[[Batch], Reply]:
    """Refuse batches that hold a log of one of these ids, as the set is then, with 400."""

    def answer(batch: Batch) -> Reply:
        ids = {event["properties"]["log_id"] for event in batch.body["batch"]}
        return (400, {}, "no") if ids & log_ids else OK

    return answer


def knowing(*keys: str, disabled: str = "") -> Callable[[Batch], Reply]:
    """Answer as RudderStack does, which knows these write keys: it looks at the key first."""

    def answer(batch: Batch) -> Reply:
        if batch.key == disabled:
            return (404, {}, "source is disabled\n")
        if batch.key not in keys:
            return (401, {}, "invalid write key\n")
        return OK if batch.body["batch"] else (400, {}, "empty batch payload\n")

    return answer


@asynccontextmanager
async def data_plane(
    answer: Callable[[Batch], Reply] = lambda _batch: OK, port: int = 0
) -> AsyncIterator[FakeDataPlane]:
    """Run a data plane on this port, or on a free one."""
    plane = FakeDataPlane(answer)
    connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(plane.serve(reader, writer))
        connections[task] = writer
        task.add_done_callback(connections.pop)

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    plane.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield plane
    finally:
        server.close()
        for task, writer in connections.items():
            task.cancel()
            writer.close()  # a task that has not started would not
        await asyncio.gather(*connections, return_exceptions=True)


@contextmanager
def data_plane_in_thread(answer: Callable[[Batch], Reply] = lambda _batch: OK) -> Iterator[FakeDataPlane]:
    """Run a data plane in a thread, for tests without an event loop of their own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    running = data_plane(answer)
    try:
        yield asyncio.run_coroutine_threadsafe(running.__aenter__(), loop).result(5)
    finally:
        asyncio.run_coroutine_threadsafe(running.__aexit__(None, None, None), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
