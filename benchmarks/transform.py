"""Measures events per second on one core, and compares the time with a floor.

The floor parses the same bodies and serialises the same events with orjson, and does nothing else. The two take
turns in short rounds, so that a noisy neighbour slows both: read the ratios. Auth0's logs come first, then the
fixtures of each bundled source.

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

ROUNDS, ROUNDS_OF_FIXTURES = 100, 30
EVENTS_PER_ROUND = 1_000

CASES: dict[str, tuple[int, Callable[[Sequence[Log]], bytes], Callable[[bytes], Any]]] = {
    "1 log": (1, payloads.single, orjson.loads),
    "array of 100": (100, payloads.array, orjson.loads),
    "100 JSON lines": (100, payloads.lines, lambda body: [orjson.loads(line) for line in body.splitlines()]),
}
"""Logs in a body, how they are serialised, and how the floor parses them."""

HOST = Host()


def seconds(work: Callable[[], object]) -> float:
    """Measure the processor seconds that `work` takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def compare_logs(name: str) -> None:
    """Measure a case of Auth0's logs."""
    size, serialise, parse = CASES[name]
    starts = range(0, EVENTS_PER_ROUND, size)
    bodies = [serialise([log(number) for number in range(start, start + size)]) for start in starts]
    compare(name, "auth0", [Request(body) for body in bodies], parse, ROUNDS)


def compare_fixtures(source: str) -> None:
    """Measure the fixtures of a source, repeated until a round has enough events."""
    requests = [request for request in payloads.posted_in_fixtures(source) if is_comparable(source, request)]
    events = sum(len(HOST.receive(source, request).events) for request in requests)
    if events:
        requests *= -(-EVENTS_PER_ROUND // events)
        compare(f"{source}, fixtures", source, requests, orjson.loads, ROUNDS_OF_FIXTURES)


def is_comparable(source: str, request: Request) -> bool:
    """Whether a request becomes nothing but events, and orjson takes it and them."""
    outcome = HOST.receive(source, request)
    try:
        orjson.loads(request.body)
        orjson.dumps(outcome.events)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return False
    return bool(outcome.events) and not outcome.rejections


def compare(
    name: str, source: str, requests: Sequence[Request], parse: Callable[[bytes], Any], rounds: int
) -> None:
    """Measure requests to a source, and print one line."""
    finished = [HOST.receive(source, request).events for request in requests]

    def floor() -> None:
        for request, events in zip(requests, finished, strict=True):
            parse(request.body)
            for event in events:
                orjson.dumps(event)

    def receive() -> None:
        for request in requests:
            for event in HOST.receive(source, request).events:
                encode(event)

    floors, totals = [], []
    for _ in range(rounds):
        floors.append(seconds(floor))
        totals.append(seconds(receive))
    count = sum(map(len, finished))
    median, median_floor = statistics.median(totals), statistics.median(floors)
    print(
        f"{name:20} {count / median:8,.0f} events/s, {median / count * 1e6:5.1f} us each:"
        f" {median / median_floor:.2f} times the floor (best rounds: {min(totals) / min(floors):.2f})"
    )


if __name__ == "__main__":
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(payloads.describe([log(number) for number in range(EVENTS_PER_ROUND)]))
    for case in CASES:
        compare_logs(case)
    for source in sorted(HOST.sources):
        compare_fixtures(source)
