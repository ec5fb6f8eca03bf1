"""Runs a gateway for the demo as an operator does: from the command line, in a folder of its own."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

SPRINGHEAD = str(Path(sys.executable).with_name("springhead"))


class DemoGateway:
    """A running gateway with one Auth0 source, which delivers to a file.

    Attributes:
        url: where its sender posts.
        page: its live page.
    """

    def __init__(self, folder: Path, url: str, page: str) -> None:
        self.url = url
        self.page = page
        self._folder = folder
        self._delivered = 0

    def post(self, logs: list[dict[str, Any]]) -> str:
        """Post a batch as Auth0 does, and return the status and text of the response."""
        with httpx.Client(trust_env=False) as client:
            for _ in range(200):  # it takes a moment to start
                try:
                    response = client.post(self.url, json=logs)
                except httpx.TransportError:
                    time.sleep(0.05)
                else:
                    return f"{response.status_code} {response.text.strip()}"
        sys.exit("the gateway did not start")

    def newly_delivered(self) -> list[dict[str, Any]]:
        """The events delivered since the last call."""
        file = self._folder / "delivered.jsonl"
        lines = file.read_text().splitlines(keepends=True) if file.exists() else []
        new = [json.loads(line) for line in lines[self._delivered :] if line.endswith("\n")]
        self._delivered += len(new)
        return new

    def dead_letters(self) -> str:
        """What `springhead dead list` prints."""
        command = [SPRINGHEAD, "dead", "list"]
        return subprocess.run(command, cwd=self._folder, capture_output=True, text=True, check=True).stdout


@contextmanager
def running_gateway() -> Iterator[DemoGateway]:
    """Run a gateway in a temporary folder until the end of the block."""
    with tempfile.TemporaryDirectory(prefix="springhead-demo-") as name:
        folder, port, admin = Path(name), free_port(), f"127.0.0.1:{free_port()}"
        init = [SPRINGHEAD, "gateway", "init", "--type", "auth0"]
        subprocess.run(init, cwd=folder, stdout=subprocess.DEVNULL, check=True)
        (key,) = re.findall(r'write_key = \["(.+)"\]', (folder / "springhead.toml").read_text())
        environ = {"SPRINGHEAD_GATEWAY__PORT": str(port), "SPRINGHEAD_GATEWAY__ADMIN": admin}
        serve = [SPRINGHEAD, "serve", "gateway", "--log-level", "error"]
        server = subprocess.Popen(serve, cwd=folder, env={**os.environ, **environ})
        try:
            url = f"http://127.0.0.1:{port}/v1/webhook?writeKey={key}"
            yield DemoGateway(folder, url, f"http://{admin}/")
        finally:
            server.terminate()
            server.wait(30)


def free_port() -> int:
    """Reserve a port for this process; a server, which sets SO_REUSEADDR, can still listen there."""
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    port = int(reserved.getsockname()[1])
    reserved.detach()  # open until the process ends
    return port
