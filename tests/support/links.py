"""Puts a link between servers that can be cut, as a network that loses every packet is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

HOST = "127.0.0.1"


class Link:
    """Passes on what is sent, whole and in order; once it is cut, not before it is mended."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._whole = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.mend()

    def cut(self) -> None:
        """Hold back everything: both sides believe that they are connected."""
        self._whole.clear()

    def mend(self) -> None:
        """Pass on what was held back, and all that follows."""
        self._whole.set()

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect one who asks for it to the other side; not while the link is cut."""
        if not self._whole.is_set():
            writer.close()
            return
        try:
            reader_there, writer_there = await asyncio.open_connection(HOST, self._target)
        except OSError:
            writer.close()
            return
        copying = (self._copy(reader, writer_there), self._copy(reader_there, writer))
        self._tasks |= {asyncio.create_task(each) for each in copying}

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(2**16):
                await self._whole.wait()
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()

    async def close(self) -> None:
        """Pass on nothing more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def linked(port: int, target: int) -> AsyncIterator[Link]:
    """A link from one port of this machine to another."""
    link = Link(target)
    server = await asyncio.start_server(link.connect, HOST, port)
    try:
        yield link
    finally:
        server.close()
        await link.close()
