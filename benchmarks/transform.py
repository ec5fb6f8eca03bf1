"""How much of the time goes into springhead itself: events a second on one core, and the ratio to a floor.

The floor parses the same bodies and serialises the same events with the same JSON library, and does nothing
else. Both are timed in turn in the same run, and the best of many short rounds counts: what a noisy
neighbour adds is not what the code costs.

    python benchmarks/transform.py
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable

import msgspec

from springhead import Host, Request, encode

ROUNDS = 100
LOGS_PER_ROUND = 1_000


def log(number: int) -> dict[str, object]:
    """A log stream item of about 2 KB, as a login makes it."""
    log_id = f"900202403151015310040000000000000000000000000000{number:08}"
    user = f"auth0|{number % 500:024}"
    prompt = {
        "name": "prompt-authenticate",
        "initiatedAt": 1710497730000 + number,
        "completedAt": 1710497731000 + number,
        "connection": "members",
        "connection_id": "con_example01",
        "strategy": "auth0",
        "identity": f"{number % 500:024}",
        "stats": {"loginsCount": number % 90},
        "session_user": "0" * 24,
        "elapsedTime": None,
    }
    return {
        "log_id": log_id,
        "data": {
            "date": "2024-03-15T10:15:31.004Z",
            "type": "s",
            "description": "Successful login",
            "connection": "members",
            "connection_id": "con_example01",
            "client_id": "exampleClient01",
            "client_name": "Example Shop",
            "ip": "192.0.2.10",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Example/120.0.0.0 Safari/537.36",
            "hostname": "login.example.com",
            "user_id": user,
            "user_name": "ada@example.com",
            "strategy": "auth0",
            "strategy_type": "database",
            "environment_name": "prod-us-1",
            "tenant_name": "example-tenant",
            "log_id": log_id,
            "details": {
                "prompts": [prompt | {"flow": f"step-{step}"} for step in range(4)],
                "session_id": "exampleSession0000000000000000001",
                "stats": {"loginsCount": number % 90},
            },
        },
    }


def seconds(work: Callable[[], object]) -> float:
    """Processor seconds that `work` takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def compare(size: int) -> None:
    """Print one line: bodies of `size` logs."""
    count = LOGS_PER_ROUND // size
    logs = [log(number) for number in range(size * count)]
    bodies = [
        json.dumps(logs[start] if size == 1 else logs[start : start + size]).encode()
        for start in range(0, len(logs), size)
    ]
    host = Host()
    decode = msgspec.json.Decoder().decode
    finished = [host.receive("auth0", Request(body=body)).events for body in bodies]

    def floor() -> None:
        for body, events in zip(bodies, finished, strict=True):
            decode(body)
            for event in events:
                encode(event)

    def receive() -> None:
        for body in bodies:
            for event in host.receive("auth0", Request(body=body)).events:
                encode(event)

    floors, wholes = [], []
    for _ in range(ROUNDS):
        floors.append(seconds(floor))
        wholes.append(seconds(receive))
    average = sum(map(len, bodies)) // len(logs)
    print(
        f"{size:4} logs a body ({average} bytes each): {len(logs) / min(wholes):8,.0f} events/s,"
        f" {min(wholes) / min(floors):.2f} times the floor"
        f" (by medians {statistics.median(wholes) / statistics.median(floors):.2f})"
    )


if __name__ == "__main__":
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    for bodies_of in (1, 100):
        compare(bodies_of)
