"""Starts springhead's servers as an operator does: each is a process, on a free port of this machine."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Any, TypeVar

import httpx

T = TypeVar("T")

LOCAL: dict[str, Any] = {"trust_env": False, "verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}
"""Options of a client that calls this machine: to load certificates takes fifty times as long as the call."""

SPRINGHEAD = str(Path(sys.executable).parent / "springhead")


def free_port() -> int:
    """Reserve a port for this process: the kernel gives one that is bound to nobody who asks for any port.

    A server that sets SO_REUSEADDR, as all of them do, can still listen there.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    port: int = reserved.getsockname()[1]
    reserved.detach()  # open until the process ends
    return port


def until(condition: Callable[[], T]) -> T:
    """Wait until a condition gives something true, and return that; the test's timeout ends a vain wait."""
    waits = pauses()
    while not (result := condition()):
        time.sleep(next(waits))
    return result


def pauses() -> Iterator[float]:
    """Seconds between two looks at a condition: longer and longer, since a look may be a call of a server."""
    return chain((0.01, 0.02, 0.04), repeat(0.1))


@dataclass(frozen=True)
class Server:
    """A running server: its address, its process, and the file it logs to."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.url.rpartition(":")[2])

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        main = self.process.pid
        return [int(pid) for pid in Path(f"/proc/{main}/task/{main}/children").read_text().split()]

    def stop(self, seconds: float = 30) -> int:
        """Stop it as an operator does, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        """Kill it and its workers in the same moment, as a power cut does."""
        with suppress(ProcessLookupError):  # the group is gone
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


@contextmanager
def serving(folder: Path, *arguments: str, port: int = 0, **more: Any) -> Iterator[Server]:
    """Run `springhead serve ARGUMENTS` until the end of the block, and expect exit code 0.

    `program` is the command of another environment.
    It leads a process group of its own, all of which is gone afterwards, however the block ends.
    """
    port = port or free_port()
    log = folder / f"log-{port}"
    command = [more.pop("program", SPRINGHEAD), "serve", *arguments]
    environ = {**(more.pop("env", None) or os.environ)}
    if arguments[0] == "gateway":
        environ["SPRINGHEAD_GATEWAY__PORT"] = str(port)
    else:
        command += ["--port", str(port)]
    with log.open("ab") as file:
        streams = {name: more.pop(name, file) for name in ("stdout", "stderr")}
        process = subprocess.Popen(command, env=environ, start_new_session=True, **streams, **more)
    server = Server(f"http://127.0.0.1:{port}", process, log)
    try:
        wait_for(server)
        yield server
        if process.poll() is None:
            assert server.stop() == 0, log.read_text()
    finally:
        server.kill()


def wait_for(server: Server) -> None:
    """Wait until a server answers."""

    def answers() -> bool:
        assert server.process.poll() is None, server.log.read_text()
        try:
            httpx.get(f"{server.url}/health", **LOCAL)
        except httpx.TransportError:
            return False
        return True

    until(answers)
