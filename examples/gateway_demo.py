"""Runs a gateway on this machine and shows what a sender is answered, what is delivered, and what is kept.

python examples/gateway_demo.py
"""

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
BATCH = json.loads(Path(__file__).with_name("auth0.json").read_text())


def main() -> None:
    """Run the demo in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="springhead-demo-") as name:
        folder, admin = Path(name), f"127.0.0.1:{free_port()}"
        with gateway(folder, admin) as url:
            post_batches(url)
            show_delivered(folder / "delivered.jsonl")
            show_dead_letters(folder)
            show_live_page(f"http://{admin}/")


@contextmanager
def gateway(folder: Path, admin: str) -> Iterator[str]:
    """Run a gateway in this folder, and give the URL for its sender."""
    init = [SPRINGHEAD, "gateway", "init", "--type", "auth0"]
    subprocess.run(init, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    (key,) = re.findall(r'write_key = \["(.+)"\]', (folder / "springhead.toml").read_text())
    port = free_port()
    environ = {"SPRINGHEAD_GATEWAY__PORT": str(port), "SPRINGHEAD_GATEWAY__ADMIN": admin}
    serve = [SPRINGHEAD, "serve", "gateway", "--log-level", "error"]
    server = subprocess.Popen(serve, cwd=folder, env={**os.environ, **environ})
    try:
        yield f"http://127.0.0.1:{port}/v1/webhook?writeKey={key}"
    finally:
        server.terminate()
        server.wait(30)


def post_batches(url: str) -> None:
    """Post as Auth0 does, and print each response."""
    print(f"A gateway listens at {url}")
    print(f"  a batch from Auth0's webhooks extension: {post(url, [BATCH[0]['data']])}")
    print(f"  a batch from an Auth0 log stream: {post(url, BATCH[1:])}")
    print(f"  the same batch again, as if the response had been lost: {post(url, BATCH[1:])}")
    print(f"  a log with a mistake: {post(url, [{'log_id': 'broken', 'data': {'type': 7}}])}")


def post(url: str, batch: list[dict[str, Any]]) -> str:
    """Post a batch, waiting for the gateway to start, and return the status and text of the response."""
    for _ in range(200):
        try:
            response = httpx.post(url, json=batch, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return f"{response.status_code} {response.text.strip()}"
    sys.exit("the gateway did not start")


def show_delivered(file: Path) -> None:
    """Print the delivered events, once they are all there."""
    lines: list[str] = []
    for _ in range(200):
        lines = file.read_text().splitlines() if file.exists() else []
        if len(lines) >= len(BATCH):
            break
        time.sleep(0.05)
    print("Delivered, each once:")
    for event in map(json.loads, lines):
        name = event.get("event") or event.get("groupId") or ""
        print(f"  {event['type']:9} {event.get('userId', ''):36} {name}")


def show_dead_letters(folder: Path) -> None:
    """Print the list of dead letters."""
    command = [SPRINGHEAD, "dead", "list"]
    listed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    print("Kept as a dead letter, which can be fixed and replayed:")
    print("\n".join(f"  {line.rstrip()}" for line in listed.splitlines()))


def show_live_page(url: str) -> None:
    """Name the live page; at a terminal keep it up until Enter is pressed."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        input(f"The live page is at {url} until you press Enter. ")
    else:
        print(f"The live page was at {url}; at a terminal it stays up until you press Enter.")


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
