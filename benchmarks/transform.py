"""Measures events per second on one core, and compares the time with a floor.

The floor parses the same bodies and serialises the same events with the same JSON library, and does nothing
else. The two are timed in turn, and the best of many short rounds counts: a noisy neighbour can only make a
round slower.

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
    """Measure the processor seconds that `work` takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def compare(size: int) -> None:
    """Measure bodies of `size` logs each, and print one line."""
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

    floors, totals = [], []
    for _ in range(ROUNDS):
        floors.append(seconds(floor))
        totals.append(seconds(receive))
    average = sum(map(len, bodies)) // len(logs)
    print(
        f"{size:4} logs a body ({average} bytes each): {len(logs) / min(totals):8,.0f} events/s,"
        f" {min(totals) / min(floors):.2f} times the floor"
        f" (by medians {statistics.median(totals) / statistics.median(floors):.2f})"
    )


if __name__ == "__main__":
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    for logs_per_body in (1, 100):
        compare(logs_per_body)
