"""Counts what the transformer does, for Prometheus, over all its workers."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import Counter, Histogram

from ..core.mapping.model import EVENT_TYPES
from ..server.counts import OutcomeCounts
from ..server.metrics import LATENCY_BUCKETS, metrics_text, new_registry


class TransformerMetrics:
    """The counters and histograms of one app."""

    def __init__(self) -> None:
        self._registry = new_registry()
        self._requests = self._counter("requests", "Arrays posted", "status")
        self._elements = self._counter("elements", "Webhook requests that came in")
        self._events = self._counter("events", "Events that went out", "type")
        self._rejections = self._counter("rejections", "Records rejected", "rule")
        self._refused = self._counter("refused", "Webhook requests refused as not authentic")
        self._drops = self._counter("drops", "Records left out on purpose")
        self._read = self._counter("request_bytes", "Bytes of the arrays")
        self._written = self._counter("response_bytes", "Bytes of the responses")
        self._seconds = Histogram(
            "springhead_request_seconds",
            "Time to answer an array",
            ("source",),
            registry=self._registry,
            buckets=LATENCY_BUCKETS,
        )
        self._sources: dict[str, _SourceMetrics] = {}

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"springhead_{name}", text, ("source", *labels), registry=self._registry)

    def refused(self, source: str, status: int) -> None:
        """Count an array that was refused."""
        self._requests.labels(source, status).inc()

    def answered(self, source: str, counts: OutcomeCounts, seconds: float, read: int, written: int) -> None:
        """Count an array that was answered.

        Args:
            source: its source.
            counts: the counts of its outcomes.
            seconds: how long that took.
            read: bytes of the array.
            written: bytes of the response.
        """
        metrics = self._sources.get(source) or self._add_source(source)
        metrics.requests.inc()
        metrics.elements.inc(counts.elements)
        metrics.seconds.observe(seconds)
        metrics.read.inc(read)
        metrics.written.inc(written)
        for type_, number in counts.types.items():
            metrics.events[type_].inc(number)
        if counts.refused:
            self._refused.labels(source).inc(counts.refused)
        if counts.dropped:
            self._drops.labels(source).inc(counts.dropped)
        for rule, number in counts.rejections.items():
            self._rejections.labels(source, rule).inc(number)

    def _add_source(self, source: str) -> _SourceMetrics:
        events = {type_: self._events.labels(source, type_) for type_ in (*EVENT_TYPES, "other")}
        metrics = self._sources[source] = _SourceMetrics(
            self._requests.labels(source, 200),
            events,
            self._elements.labels(source),
            self._seconds.labels(source),
            self._read.labels(source),
            self._written.labels(source),
        )
        return metrics

    def text(self) -> bytes:
        """All metrics in Prometheus's text format, those of the other workers included."""
        return metrics_text(self._registry)


@dataclass(frozen=True, slots=True)
class _SourceMetrics:
    """What is counted with every array of one source: looking it up by its labels takes a lock each time."""

    requests: Counter
    events: dict[str, Counter]
    elements: Counter
    seconds: Histogram
    read: Counter
    written: Counter
