"""Runs NATS servers and gateways that share them, each as a process that the demo may kill."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from demo_gateway import SPRINGHEAD, free_port

NATS_SERVER = str(Path(sys.executable).with_name("nats-server"))


@dataclass
class Node:
    """A process: a NATS server or a gateway.

    Attributes:
        name: its name.
        process: its process, which leads a group.
        log: what it printed.
        ready: the URL that answers 200 once it is ready.
        webhook: where senders post, if it is a gateway.
    """

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    ready: str
    webhook: str = ""

    def wait(self) -> None:
        """Wait until it is ready."""
        with httpx.Client(trust_env=False) as client:
            for _ in range(600):
                try:
                    if client.get(self.ready).is_success:
                        return
                except httpx.TransportError:
                    pass
                time.sleep(0.1)
        sys.exit(f"{self.name} did not start:\n{self.log.read_text()}")

    def kill(self) -> None:
        """End it and its workers at once, as a power cut does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Cluster:
    """What runs.

    Attributes:
        servers: the NATS servers.
        gateways: the gateways.
    """

    servers: list[Node]
    gateways: list[Node]


@contextmanager
def running_cluster(destination: str) -> Iterator[Cluster]:
    """Run three NATS servers and two gateways in a temporary folder until the end of the block."""
    cluster = Cluster([], [])
    with tempfile.TemporaryDirectory(prefix="springhead-demo-") as name:
        folder = Path(name)
        try:
            ports = [free_port() for _ in range(3)]
            routes = [free_port() for _ in range(3)]
            for number in range(3):
                cluster.servers.append(_start_server(folder, number, ports, routes))
            for server in cluster.servers:
                server.wait()
            store = f"nats://{','.join(f'127.0.0.1:{port}' for port in ports)}"
            key = _write_settings(folder)
            for number in range(2):
                cluster.gateways.append(_start_gateway(folder, number, store, destination, key))
            for gateway in cluster.gateways:
                gateway.wait()
            yield cluster
        finally:
            for node in (*cluster.gateways, *cluster.servers):
                if node.process.poll() is None:
                    node.kill()


def _start_server(folder: Path, number: int, ports: list[int], routes: list[int]) -> Node:
    name, monitor = f"nats-{number + 1}", free_port()
    urls = ", ".join(f"nats-route://127.0.0.1:{port}" for port in routes)
    config = folder / f"{name}.conf"
    config.write_text(
        f"server_name: {name}\n"
        f"listen: 127.0.0.1:{ports[number]}\n"
        f"http: 127.0.0.1:{monitor}\n"
        "max_payload: 8MB\n"
        f"jetstream {{ store_dir: '{folder / name}', sync_interval: always }}\n"
        f"cluster {{ name: demo, listen: 127.0.0.1:{routes[number]}, routes: [{urls}] }}\n"
    )
    process, log = _start(folder, name, NATS_SERVER, "--config", str(config))
    return Node(name, process, log, f"http://127.0.0.1:{monitor}/healthz")


def _write_settings(folder: Path) -> str:
    """Write the settings that the gateways share, and return the write key."""
    init = [SPRINGHEAD, "gateway", "init", "--type", "auth0"]
    subprocess.run(init, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    (key,) = re.findall(r'write_key = \["(.+)"\]', (folder / "springhead.toml").read_text())
    return str(key)


def _start_gateway(folder: Path, number: int, store: str, destination: str, key: str) -> Node:
    name, port = f"gateway-{number + 1}", free_port()
    environ = {
        "SPRINGHEAD_GATEWAY__PORT": str(port),
        "SPRINGHEAD_GATEWAY__ADMIN": f"127.0.0.1:{free_port()}",
        "SPRINGHEAD_GATEWAY__DATA": str(folder / name),
        "SPRINGHEAD_DELIVERY__TO": destination,
        "SPRINGHEAD_STORE__URL": store,
        "SPRINGHEAD_STORE__MAX_BYTES": "100000000",  # the servers reserve both, and a disk may be small
        "SPRINGHEAD_STORE__KEEP_BYTES": "100000000",
    }
    process, log = _start(folder, name, SPRINGHEAD, "serve", "gateway", **environ)
    url = f"http://127.0.0.1:{port}"
    return Node(name, process, log, f"{url}/ready", f"{url}/v1/webhook?writeKey={key}")


def _start(folder: Path, name: str, *command: str, **environ: str) -> tuple[subprocess.Popen[bytes], Path]:
    """Start a process, which leads a group, and return it with its log."""
    log = folder / f"{name}.log"
    with log.open("wb") as file:
        environment = {**os.environ, **environ}
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=file, stderr=file, start_new_session=True
        )
    return process, log
