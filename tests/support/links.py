"""Puts a link between NATS servers that can be cut, as by a network that loses every packet."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from support.nats_nodes import Node
from support.servers import free_port

HOST = "127.0.0.1"


class Link:
    """Passes on what is sent, whole and in order; once it is cut, not before it is mended.

    Any thread may cut and mend it.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._loop = asyncio.get_running_loop()
        self._whole = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.mend()

    def cut(self) -> None:
        """Hold back everything: both sides believe that they are connected."""
        self._loop.call_soon_threadsafe(self._whole.clear)

    def mend(self) -> None:
        """Pass on what was held back, and all that follows."""
        self._loop.call_soon_threadsafe(self._whole.set)

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


@asynccontextmanager
async def divided(folder: Path) -> AsyncIterator[tuple[list[Node], Link]]:
    """Three nodes, and the link by which the last one reaches the others."""
    nodes = [Node(f"n{number}", folder / f"n{number}") for number in range(3)]
    apart, listening, port = nodes[-1], nodes[-1].route, free_port()
    address = f"127.0.0.1:{port}"  # it connects to none itself: all they say to each other takes this way
    routes = f"advertise: '{address}', routes: ['nats-route://{address}']"
    apart.configure([apart], f"cluster {{ name: test, listen: 127.0.0.1:{listening}, {routes} }}")
    apart.route = port
    for node in nodes[:-1]:
        node.configure(nodes)
    for node in nodes:
        config = node.folder / "nats.conf"
        config.write_text(config.read_text().replace("cluster {", "cluster { ping_interval: '1s',"))
    async with linked(port, listening) as link:
        try:
            for node in nodes:
                node.start()
            for node in nodes:
                await asyncio.to_thread(node.wait)
            yield nodes, link
        finally:
            for node in nodes:
                node.stop(signal.SIGKILL)
