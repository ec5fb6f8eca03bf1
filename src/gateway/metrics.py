"""Counts what a gateway accepts, delivers and stores, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from prometheus_client import Counter, Gauge, Histogram

from ..server.counts import OutcomeCounts
from ..server.metrics import LATENCY_BUCKETS, metrics_text, new_registry
from .cluster_metrics import ClusterMetrics
from .storage.records import Removal
from .storage.shared import ClusterStats

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
    """What one gateway counts; its workers add theirs up."""

    def __init__(self) -> None:
        self._registry = new_registry()
        starts = "springhead_gateway_worker_starts", "Worker processes started, replacements included"
        Counter(*starts, registry=self._registry).inc()
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
        self._cluster: ClusterMetrics | None = None
        self._body_bytes: Callable[[], float] = float
        self._bodies = Gauge(
            "springhead_gateway_body_bytes",
            "Bytes of memory that bodies take",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
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

    def measure_bodies(self, size: Callable[[], float]) -> None:
        """Report what a function returns as the bytes of memory that bodies take."""
        self._body_bytes = size

    def measure_cluster(self, stats: Callable[[], ClusterStats]) -> None:
        """Report what a function returns of the cluster that keeps the events."""
        self._cluster = ClusterMetrics(self._registry, stats)

    def sample(self) -> None:
        """Read what is measured, not counted. A worker does so now and then: another one reports it."""
        self._bodies.set(self._body_bytes())
        if self._cluster is not None:
            self._cluster.sample()

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        self.sample()
        return metrics_text(self._registry)
