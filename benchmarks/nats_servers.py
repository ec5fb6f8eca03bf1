"""Runs a cluster of NATS servers for the benchmarks, and says how much processor time it has used."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from driving import cpu

_PROGRAM = Path(sys.executable).with_name("nats-server")


@dataclass(frozen=True)
class Servers:
    """Three servers that run.

    Attributes:
        url: how a store names them.
        processes: their processes.
    """

    url: str
    processes: list[subprocess.Popen[bytes]]

    def cpu(self) -> float:
        """Processor seconds that all of them have used."""
        return sum(cpu(process.pid) for process in self.processes)


@contextmanager
def running_servers(folder: Path) -> Iterator[Servers]:
    """Run three servers, each write durable before it counts, until the end of the block."""
    ports, routes, monitors = (_free_ports(3) for _ in range(3))
    urls = ", ".join(f"nats-route://127.0.0.1:{port}" for port in routes)
    servers = Servers(f"nats://{','.join(f'127.0.0.1:{port}' for port in ports)}", [])
    try:
        for number in range(3):
            config = folder / f"nats-{number}.conf"
            config.write_text(
                f"server_name: nats-{number}\n"
                f"listen: 127.0.0.1:{ports[number]}\nhttp: 127.0.0.1:{monitors[number]}\nmax_payload: 8MB\n"
                f"jetstream {{ store_dir: '{folder}/nats-{number}', sync_interval: always }}\n"
                f"cluster {{ name: benchmark, listen: 127.0.0.1:{routes[number]}, routes: [{urls}] }}\n"
            )
            command = [str(_PROGRAM), "--config", str(config), "--log", f"{config}.log"]
            servers.processes.append(subprocess.Popen(command))
        for monitor in monitors:
            while not _is_healthy(monitor):
                time.sleep(0.1)
        yield servers
    finally:
        for process in servers.processes:
            process.kill()
        for process in servers.processes:
            process.wait()


def _is_healthy(monitor: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{monitor}/healthz", trust_env=False).is_success
    except httpx.TransportError:
        return False


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
