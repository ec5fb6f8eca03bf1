"""What the transformer counts: outcomes in, Prometheus' text out, over all workers."""

from __future__ import annotations

import os
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from ..core.mapping.model import EVENT_TYPES
from ..server.counts import OutcomeCounts
from ..server.metrics import LATENCY_BUCKETS, MULTIPROCESS_FOLDER

_BYTES = (1e3, 1e4, 1e5, 1e6, 1e7, 1e8)


class Metrics:
    """The counters and histograms. One for each process and app."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._shared = os.environ.get(MULTIPROCESS_FOLDER)
        if not self._shared:
            ProcessCollector(registry=self._registry)
        self._requests = self._counter("requests", "Arrays posted", "status")
        self._elements = self._counter("elements", "Webhook requests that came in")
        self._events = self._counter("events", "Events that went out", "type")
        self._rejections = self._counter("rejections", "Records rejected", "rule")
        self._drops = self._counter("drops", "Records left out on purpose")
        self._seconds = self._histogram("request_seconds", "Time to answer an array", LATENCY_BUCKETS)
        self._read = self._histogram("request_bytes", "Size of an array", _BYTES)
        self._written = self._histogram("response_bytes", "Size of an answer", _BYTES)
        self._of: dict[str, _OfSource] = {}

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"springhead_{name}", text, ("source", *labels), registry=self._registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"springhead_{name}", text, ("source",), registry=self._registry, buckets=buckets)

    def refused(self, source: str, status: int) -> None:
        """Count an array that was not taken."""
        self._requests.labels(source, status).inc()

    def answered(self, source: str, count: OutcomeCounts, seconds: float, read: int, written: int) -> None:
        """Count an array that was answered: what it came to, how long it took, its bytes and the answer's."""
        of = self._of.get(source) or self._new(source)
        of.requests.inc()
        of.elements.inc(count.elements)
        of.seconds.observe(seconds)
        of.read.observe(read)
        of.written.observe(written)
        for type_, number in count.types.items():
            of.events[type_].inc(number)
        if count.dropped:
            self._drops.labels(source).inc(count.dropped)
        for rule, number in count.rejections.items():
            self._rejections.labels(source, rule).inc(number)

    def _new(self, source: str) -> _OfSource:
        events = {type_: self._events.labels(source, type_) for type_ in (*EVENT_TYPES, "other")}
        of = self._of[source] = _OfSource(
            self._requests.labels(source, 200),
            events,
            self._elements.labels(source),
            self._seconds.labels(source),
            self._read.labels(source),
            self._written.labels(source),
        )
        return of

    def text(self) -> bytes:
        """All of it in Prometheus' text format, of all workers together."""
        if not self._shared:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, self._shared)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


@dataclass(frozen=True, slots=True)
class _OfSource:
    """What is counted with every array of one source, looked up once."""

    requests: Counter
    events: dict[str, Counter]
    elements: Counter
    seconds: Histogram
    read: Histogram
    written: Histogram
