"""What the gateway counts: what is accepted, delivered and kept, in Prometheus' text format."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from ..server.counts import OutcomeCounts
from ..server.metrics import LATENCY_BUCKETS
from .storage.records import StoreCounts

Child = TypeVar("Child")


class _Children(Generic[Child]):
    """The children of a metric by their labels: the library takes a lock to find one, and ten times as long."""

    __slots__ = ("_find", "_known")

    def __init__(self, find: Callable[..., Child]) -> None:
        self._find = find
        self._known: dict[tuple[str, ...], Child] = {}

    def labels(self, *labels: str) -> Child:
        """The child with these labels."""
        found = self._known.get(labels)
        if found is None:
            found = self._known[labels] = self._find(*labels)
        return found


class GatewayMetrics:
    """The counters, gauges and histograms of one gateway. Delivery tells it as its `Observer`."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = self._counter("requests", "Calls of senders, by the answer", "source", "status")
        self._accepted = self._counter("accepted", "Events accepted, duplicates among them", "source", "type")
        self._duplicates = self._counter("duplicates", "Events accepted before, not stored again", "source")
        self._stored = self._counter("stored", "Events stored to be delivered", "source")
        self._rejected = self._counter("rejected", "Records kept as dead letters", "source", "rule")
        self._dropped = self._counter("dropped", "Records left out on purpose", "source")
        self._delivered = self._counter("delivered", "Events the destination has", "source")
        self._retries = self._counter("retries", "Batches to be sent again", "source", "why")
        self._dead = self._counter("undeliverable", "Events that became dead letters", "source", "rule")
        self._undelivered = self._gauge("undelivered", "Events stored and not delivered", "source")
        self._letters = self._gauge("dead_letters", "Dead letters kept", "source")
        self._oldest = self._gauge("oldest_undelivered_seconds", "Age of the oldest event not delivered")
        self._bytes = self._gauge("store_bytes", "Bytes of the store on disk")
        self._breaker = self._gauge("breaker_open", "1 while the destination is down")
        self._held = self._gauge("held", "1 while the destination refuses whatever is sent of it", "source")
        seconds = Histogram(
            "springhead_gateway_request_seconds",
            "Time until a sender is answered",
            ("source",),
            registry=self._registry,
            buckets=LATENCY_BUCKETS,
        )
        self._seconds = _Children(seconds.labels)

    def _counter(self, name: str, text: str, *labels: str) -> _Children[Counter]:
        return _Children(Counter(f"springhead_gateway_{name}", text, labels, registry=self._registry).labels)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"springhead_gateway_{name}", text, labels, registry=self._registry)

    def answered(self, source: str, status: int, seconds: float) -> None:
        """Count a call; `source` is empty where it named none."""
        self._requests.labels(source, str(status)).inc()
        self._seconds.labels(source).observe(seconds)

    def accepted(self, source: str, count: OutcomeCounts, duplicates: int) -> None:
        """Count what a call came to once it is kept."""
        for type_, number in count.types.items():
            self._accepted.labels(source, type_).inc(number)
        if count.types:
            self._stored.labels(source).inc(count.events - duplicates)
        if duplicates:
            self._duplicates.labels(source).inc(duplicates)
        if count.dropped:
            self._dropped.labels(source).inc(count.dropped)
        for rule, number in count.rejections.items():
            self._rejected.labels(source, rule).inc(number)

    def accepted_so_far(self) -> dict[str, float]:
        """Events accepted of each source there was one of, duplicates among them."""
        totals: dict[str, float] = {}
        name = "springhead_gateway_accepted_total"
        for metric in self._registry.restricted_registry([name]).collect():
            for sample in metric.samples:
                source = sample.labels["source"]
                totals[source] = totals.get(source, 0) + sample.value
        return totals

    def delivered(self, source: str, count: int) -> None:
        """Count events the destination has."""
        self._delivered.labels(source).inc(count)

    def retried(self, source: str, why: str) -> None:
        """Count a batch that will be sent again."""
        self._retries.labels(source, why).inc()

    def dead(self, source: str, rule: str, count: int) -> None:
        """Count events that became dead letters."""
        self._dead.labels(source, rule).inc(count)

    def breaker(self, is_open: bool) -> None:
        """Note that the destination is down, or back."""
        self._breaker.set(is_open)

    def held(self, source: str, is_held: bool) -> None:
        """Note that the destination refuses whatever is sent of a source, or does so no more."""
        self._held.labels(source).set(is_held)

    def text(self, counts: StoreCounts) -> bytes:
        """All of it, with what the store holds now."""
        for source, (undelivered, letters) in counts.by_source.items():
            self._undelivered.labels(source).set(undelivered)
            self._letters.labels(source).set(letters)
        self._oldest.set(0 if counts.oldest is None else max(time.time() - counts.oldest, 0))
        self._bytes.set(counts.bytes)
        return generate_latest(self._registry)
