"""Measures events per second on one core, and compares the time with a floor.

The floor parses the same bodies and serialises the same events with orjson, and does nothing else. The two take
turns in short rounds, so that a noisy neighbour slows both: read the ratios.

    python benchmarks/transform.py
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import orjson

import payloads
from payloads import Log, log
from springhead import Host, Request, encode

ROUNDS = 100
LOGS_PER_ROUND = 1_000

CASES: dict[str, tuple[int, Callable[[Sequence[Log]], bytes], Callable[[bytes], Any]]] = {
    "1 log": (1, payloads.single, orjson.loads),
    "array of 100": (100, payloads.array, orjson.loads),
    "100 JSON lines": (100, payloads.lines, lambda body: [orjson.loads(line) for line in body.splitlines()]),
}
"""Logs in a body, how they are serialised, and how the floor parses them."""


def seconds(work: Callable[[], object]) -> float:
    """Measure the processor seconds that `work` takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def compare(name: str) -> None:
    """Measure a case, and print one line."""
    size, serialise, parse = CASES[name]
    bodies = [
        serialise([log(number) for number in range(start, start + size)])
        for start in range(0, LOGS_PER_ROUND, size)
    ]
    host = Host()
    finished = [host.receive("auth0", Request(body=body)).events for body in bodies]

    def floor() -> None:
        for body, events in zip(bodies, finished, strict=True):
            parse(body)
            for event in events:
                orjson.dumps(event)

    def receive() -> None:
        for body in bodies:
            for event in host.receive("auth0", Request(body=body)).events:
                encode(event)

    floors, totals = [], []
    for _ in range(ROUNDS):
        floors.append(seconds(floor))
        totals.append(seconds(receive))
    median, median_floor = statistics.median(totals), statistics.median(floors)
    print(
        f"{name:15} {LOGS_PER_ROUND / median:8,.0f} events/s, {median / LOGS_PER_ROUND * 1e6:5.1f} us each:"
        f" {median / median_floor:.2f} times the floor (best rounds: {min(totals) / min(floors):.2f})"
    )


if __name__ == "__main__":
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(payloads.describe([log(number) for number in range(LOGS_PER_ROUND)]))
    for case in CASES:
        compare(case)
