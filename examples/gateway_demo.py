"""The gateway at work, on this machine alone: what a sender gets, what is delivered, what is kept.

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
from pathlib import Path
from typing import Any

import httpx

SPRINGHEAD = Path(sys.executable).with_name("springhead")
EXAMPLE = json.loads(Path(__file__).with_name("auth0.json").read_text())


def main() -> None:
    """Start a gateway in a folder of its own, post to it, show what came of it, and stop it."""
    with tempfile.TemporaryDirectory(prefix="springhead-demo-") as folder:
        subprocess.run([SPRINGHEAD, "gateway", "init"], cwd=folder, stdout=subprocess.DEVNULL, check=True)
        key = re.search(r'write_key = \["(.+)"\]', Path(folder, "springhead.toml").read_text())
        port, admin = free_port(), free_port()
        environ = {
            "SPRINGHEAD_GATEWAY__PORT": str(port),
            "SPRINGHEAD_GATEWAY__ADMIN": f"127.0.0.1:{admin}",
        }
        command = [str(SPRINGHEAD), "serve", "gateway", "--log-level", "error"]
        server = subprocess.Popen(command, cwd=folder, env={**os.environ, **environ})
        try:
            url = f"http://127.0.0.1:{port}/v1/webhook?writeKey={key[1] if key else ''}"
            show(Path(folder), url, f"http://127.0.0.1:{admin}/")
        finally:
            server.terminate()
            server.wait(30)


def show(folder: Path, url: str, page: str) -> None:
    """Post to the gateway as Auth0 does, and print what came of it."""
    print(f"A gateway listens at {url}")
    bare = [item["data"] for item in EXAMPLE]
    told = post(url, [bare[0]])
    print(f"  a batch as Auth0's webhooks extension posts it: {told}")
    told = post(url, EXAMPLE[1:])
    print(f"  a batch as a log stream posts it: {told}")
    told = post(url, EXAMPLE[1:])
    print(f"  the same batch again, as after an answer that got lost: {told}")
    told = post(url, [{"log_id": "broken", "data": {"type": 7}}])
    print(f"  a log that is none: {told}")
    print("Delivered, each once:")
    for event in delivered(folder / "delivered.jsonl", len(EXAMPLE)):
        what = event.get("event") or event.get("groupId") or ""
        print(f"  {event['type']:9} {event.get('userId', ''):36} {what}")
    print("Kept as a dead letter, to be looked at and replayed:")
    listed = subprocess.run(
        [SPRINGHEAD, "dead", "list"], cwd=folder, capture_output=True, text=True, check=True
    )
    print("\n".join(f"  {line.rstrip()}" for line in listed.stdout.splitlines()))
    if sys.stdin.isatty() and sys.stdout.isatty():
        input(f"The live page is at {page} until you press Enter. ")
    else:
        print(f"The live page was at {page}; on a terminal it stays until you press Enter.")


def post(url: str, batch: list[dict[str, Any]]) -> str:
    """Post a batch, waiting until the gateway is up; the answer as a person reads it."""
    client = httpx.Client(transport=httpx.HTTPTransport(retries=0), trust_env=False)
    for _ in range(200):
        try:
            answer = client.post(url, json=batch)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return f"{answer.status_code} {answer.text.strip()}"
    sys.exit("the gateway does not come up")


def delivered(file: Path, count: int) -> list[dict[str, Any]]:
    """The delivered events, once there are so many."""
    lines: list[str] = []
    for _ in range(200):
        lines = file.read_text().splitlines() if file.exists() else []
        if len(lines) >= count:
            break
        time.sleep(0.05)
    return [json.loads(line) for line in lines]


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


if __name__ == "__main__":
    main()
