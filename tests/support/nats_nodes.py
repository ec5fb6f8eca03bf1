"""Runs NATS servers on this machine: a cluster of three, each a process with a folder of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import nats

from springhead.core.errors import SpringheadError
from springhead.gateway.storage.nats.api import ask
from support.servers import LOCAL, free_port

SERVER = os.environ.get("SPRINGHEAD_NATS_SERVER", str(Path(sys.executable).with_name("nats-server")))
"""The program: the newest version, unless the variable names that of another."""


@dataclass
class Node:
    """A server that can be stopped and started again on its ports."""

    name: str
    folder: Path
    port: int = field(default_factory=free_port)
    route: int = field(default_factory=free_port)
    monitor: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"nats://127.0.0.1:{self.port}"

    def configure(self, nodes: list[Node], extra: str = "", room: str = "1TB") -> None:
        """Write the configuration of a node among these, whose streams may reserve so much room."""
        routes = ", ".join(f"nats-route://127.0.0.1:{node.route}" for node in nodes if node is not self)
        cluster = (
            f"cluster {{ name: test, listen: 127.0.0.1:{self.route}, routes: [{routes}] }}" if routes else ""
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "nats.conf").write_text(
            f"server_name: {self.name}\nlisten: 127.0.0.1:{self.port}\nhttp: 127.0.0.1:{self.monitor}\n"
            f"max_payload: 8MB\n"
            f"jetstream {{ store_dir: '{self.folder}', sync_interval: always, max_file_store: {room} }}\n"
            f"{cluster}\n{extra}\n"
        )

    def start(self) -> None:
        """Start the process."""
        with (self.folder / "log").open("ab") as log:
            command = [SERVER, "-c", str(self.folder / "nats.conf")]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def wait(self) -> None:
        """Wait until the node serves JetStream."""
        assert self.process is not None
        until = time.monotonic() + 60
        while not self.is_healthy():
            if self.process.poll() is not None or time.monotonic() > until:
                raise TimeoutError((self.folder / "log").read_text())
            time.sleep(0.1)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the process."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def pause(self) -> None:
        """Stop it for now: to the others it looks like a node behind a broken network."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused node go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def is_healthy(self) -> bool:
        """Whether the node says that it serves JetStream."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.monitor}/healthz", **LOCAL).is_success
        except httpx.HTTPError:
            return False

    def connections(self) -> list[dict[str, Any]]:
        """The connections of clients, as the node tells them."""
        answer = httpx.get(f"http://127.0.0.1:{self.monitor}/connz", **LOCAL)
        found: list[dict[str, Any]] = answer.json()["connections"]
        return found


@contextmanager
def cluster(folder: Path, count: int = 3, extra: str = "", room: str = "1TB") -> Iterator[list[Node]]:
    """So many nodes, ready; they end with the block."""
    nodes = [Node(f"n{number}", folder / f"n{number}") for number in range(count)]
    for node in nodes:
        node.configure(nodes, extra, room)
    try:
        for node in nodes:
            node.start()
        for node in nodes:
            node.wait()
        yield nodes
    finally:
        for node in nodes:
            node.stop(signal.SIGKILL)


async def delete_streams(node: Node) -> None:
    """Delete all streams of the cluster of a node: its servers work for each, also while nobody uses it."""
    client = await nats.connect(node.url)
    with suppress(SpringheadError):  # what is left is deleted the next time
        names = (await ask(client, "STREAM.NAMES"))["streams"] or []
        await asyncio.gather(*(ask(client, f"STREAM.DELETE.{name}") for name in names))
    await client.close()


@asynccontextmanager
async def pretender(port: int, **info: Any) -> AsyncIterator[list[bytes]]:
    """A server that says this of itself, and what it was sent by each who connected."""
    sent: list[bytes] = []
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        says = {"server_name": "pretender", "version": "2.15.1", "max_payload": 2**23, **info}
        writer.write(b"INFO " + json.dumps(says).encode() + b"\r\n")
        sent.append(await reader.read())
        writer.close()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.ensure_future(serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    try:
        yield sent
    finally:
        server.close()
        await asyncio.gather(*tasks)
