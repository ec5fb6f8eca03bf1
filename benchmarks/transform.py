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

from payloads import log
from springhead import Host, Request, encode

ROUNDS = 100
LOGS_PER_ROUND = 1_000


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
