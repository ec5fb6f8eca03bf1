"""A springhead server as an operator starts it: a process of its own, on a free port of this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

SPRINGHEAD = str(Path(sys.executable).parent / "springhead")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@dataclass(frozen=True)
class Server:
    """A running server: its address, its process, and the file with what it logs."""

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
        """End it as an operator does, and give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        """End it and its workers at once, as a machine that fails does."""
        for pid in (*self.workers(), self.process.pid):
            os.kill(pid, signal.SIGKILL)
        self.process.wait(10)


@contextmanager
def serving(tmp_path: Path, *arguments: str, port: int = 0, **more: Any) -> Iterator[Server]:
    """Run `springhead serve ARGUMENTS` on a free port until the end of the block, and expect it to end well."""
    port = port or free_port()
    log = tmp_path / f"log-{port}"
    command = [SPRINGHEAD, "serve", *arguments]
    environ = {**(more.pop("env", None) or os.environ)}
    if arguments[0] == "gateway":
        environ["SPRINGHEAD_GATEWAY__PORT"] = str(port)
    else:
        command += ["--port", str(port)]
    with log.open("ab") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env=environ, **more)
    server = Server(f"http://127.0.0.1:{port}", process, log)
    try:
        wait_for(server)
        yield server
        if process.poll() is None:
            assert server.stop() == 0, log.read_text()
    finally:
        if process.poll() is None:
            server.kill()


def wait_for(server: Server, seconds: float = 20) -> None:
    """Wait until a server answers."""
    until = time.monotonic() + seconds
    while True:
        try:
            httpx.get(f"{server.url}/health", trust_env=False)
        except httpx.TransportError:
            assert server.process.poll() is None, server.log.read_text()
            assert time.monotonic() < until, server.log.read_text()
            time.sleep(0.05)
        else:
            return
