"""Counts what a gateway accepts, delivers and stores, for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from ..server.counts import OutcomeCounts
from ..server.metrics import LATENCY_BUCKETS
from .storage.records import Removal, StoreCounts

Child = TypeVar("Child")


class _Children(Generic[Child]):
    """Caches the children of a metric by their labels: the library takes a lock and ten times as long."""

    __slots__ = ("_find", "_known")

    def __init__(self, find: Callable[..., Child]) -> None:
        self._find = find
        self._known: dict[tuple[str, ...], Child] = {}

    def labels(self, *labels: str) -> Child:
        """The child with these labels."""
        child = self._known.get(labels)
        if child is None:
            child = self._known[labels] = self._find(*labels)
        return child


class GatewayMetrics:
    """The counters, gauges and histograms of one gateway."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = self._counter("requests", "Calls of senders, by status", "source", "status")
        self._refused = self._counter("refused", "Calls refused as not authentic", "source")
        self._accepted = self._counter("accepted", "Events accepted, duplicates included", "source", "type")
        self._duplicates = self._counter("duplicates", "Events accepted before, and not stored again", "source")
        self._stored = self._counter("stored", "Events stored for delivery", "source")
        self._rejected = self._counter("rejected", "Records stored as dead letters", "source", "rule")
        self._dropped = self._counter("dropped", "Records dropped by the mapping or a plugin", "source")
        self._delivered = self._counter("delivered", "Events the destination accepted", "source")
        self._retries = self._counter("retries", "Batches that will be sent again", "source", "reason")
        self._dead = self._counter("undeliverable", "Events that became dead letters", "source", "rule")
        labels = "source", "kind", "reason"
        self._removed = self._counter("removed", "Dead letters, calls and ids deleted by retention", *labels)
        self._undelivered = self._gauge("undelivered", "Events stored and not delivered yet", "source")
        self._letters = self._gauge("dead_letters", "Dead letters stored", "source")
        self._oldest = self._gauge("oldest_undelivered_seconds", "Age of the oldest event not delivered yet")
        self._bytes = self._gauge("store_bytes", "Bytes of the store on disk")
        text = "Bytes of the events, dead letters and requests of a source"
        self._source_bytes = self._gauge("source_bytes", text, "source")
        self._parts = self._gauge("store_part_bytes", "Bytes of the store, by what holds them", "part")
        self._breaker = self._gauge("breaker_open", "1 while the destination is down")
        self._bodies = self._gauge("body_bytes", "Bytes of memory that bodies take")
        self._held = self._gauge("held", "1 while the destination refuses all events of the source", "source")
        seconds = Histogram(
            "springhead_gateway_request_seconds",
            "Time until a call is answered",
            ("source",),
            registry=self._registry,
            buckets=LATENCY_BUCKETS,
        )
        self._seconds = _Children(seconds.labels)

    def _counter(self, name: str, help_: str, *labels: str) -> _Children[Counter]:
        return _Children(Counter(f"springhead_gateway_{name}", help_, labels, registry=self._registry).labels)

    def _gauge(self, name: str, help_: str, *labels: str) -> Gauge:
        return Gauge(f"springhead_gateway_{name}", help_, labels, registry=self._registry)

    def answered(self, source: str, status: int, seconds: float) -> None:
        """Count a call; `source` is empty if the call did not authenticate."""
        self._requests.labels(source, str(status)).inc()
        self._seconds.labels(source).observe(seconds)

    def refused(self, source: str) -> None:
        """Count a call that was refused as not authentic."""
        self._refused.labels(source).inc()

    def accepted(self, source: str, count: OutcomeCounts, duplicates: int) -> None:
        """Count the outcome of a call, once it is stored."""
        for type_, events in count.types.items():
            self._accepted.labels(source, type_).inc(events)
        if count.types:
            self._stored.labels(source).inc(count.events - duplicates)
        if duplicates:
            self._duplicates.labels(source).inc(duplicates)
        if count.dropped:
            self._dropped.labels(source).inc(count.dropped)
        for rule, records in count.rejections.items():
            self._rejected.labels(source, rule).inc(records)

    def delivered(self, source: str, count: int) -> None:
        """Count events the destination accepted."""
        self._delivered.labels(source).inc(count)

    def retried(self, source: str, reason: str) -> None:
        """Count a batch that will be sent again."""
        self._retries.labels(source, reason).inc()

    def dead(self, source: str, rule: str, count: int) -> None:
        """Count events that became dead letters."""
        self._dead.labels(source, rule).inc(count)

    def removed(self, removal: Removal) -> None:
        """Count what retention deleted."""
        self._removed.labels(removal.source, removal.kind, removal.reason).inc(removal.count)

    def breaker(self, is_open: bool) -> None:
        """Record whether the destination is down."""
        self._breaker.set(is_open)

    def held(self, source: str, is_held: bool) -> None:
        """Record whether the destination refuses all events of a source."""
        self._held.labels(source).set(is_held)

    def measure_bodies(self, size: Callable[[], float]) -> None:
        """Report what a function returns as the bytes of memory that bodies take."""
        self._bodies.set_function(size)

    def render(self, counts: StoreCounts) -> bytes:
        """All metrics in Prometheus' text format, with what the store holds now."""
        for source, (undelivered, letters) in counts.by_source.items():
            self._undelivered.labels(source).set(undelivered)
            self._letters.labels(source).set(letters)
        for source, size in counts.bytes_by_source.items():
            self._source_bytes.labels(source).set(size)
        self._oldest.set(0 if counts.oldest is None else max(time.time() - counts.oldest, 0))
        self._bytes.set(counts.bytes)
        for part, size in msgspec.structs.asdict(counts.space).items():
            self._parts.labels(part).set(size)
        return generate_latest(self._registry)
