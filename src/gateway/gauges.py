"""Reports what the store holds and how delivery goes, for Prometheus: the same from any of its gateways."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .storage.records import StoreCounts

_HELD = "1 while the destination refuses all events of the source"
_SOURCE_BYTES = "Bytes of the events, dead letters and requests of a source"


def gauges_text(counts: StoreCounts | None, *, is_down: bool, held: Collection[str], limit: int) -> bytes:
    """The gauges in Prometheus' text format.

    Args:
        counts: what the store holds; None if it does not answer.
        is_down: whether the destination cannot be reached.
        held: sources of which the destination accepts nothing.
        limit: the `max_bytes` of the store.
    """
    sources = {*held, *(counts.by_source if counts else ())}
    metrics = [
        _gauge("store_limit_bytes", "The max_bytes of the store", limit),
        _gauge("breaker_open", "1 while the destination is down", is_down),
        _by("source", "held", _HELD, {source: source in held for source in sources}),
        *(_store_gauges(counts) if counts else ()),
    ]
    registry = CollectorRegistry()
    registry.register(_Metrics(metrics))
    return generate_latest(registry)


class _Metrics(Collector):
    """Metrics that are known already."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _store_gauges(counts: StoreCounts) -> Iterator[Metric]:
    undelivered = {source: number for source, (number, _) in counts.by_source.items()}
    letters = {source: number for source, (_, number) in counts.by_source.items()}
    age = 0 if counts.oldest is None else max(time.time() - counts.oldest, 0)
    yield _by("source", "undelivered", "Events stored and not delivered yet", undelivered)
    yield _by("source", "dead_letters", "Dead letters stored", letters)
    yield _gauge("oldest_undelivered_seconds", "Age of the oldest event not delivered yet", age)
    yield _gauge("store_bytes", "Bytes of the store on disk", counts.bytes)
    yield _by("source", "source_bytes", _SOURCE_BYTES, counts.bytes_by_source)
    parts = msgspec.structs.asdict(counts.space)
    yield _by("part", "store_part_bytes", "Bytes of the store, by what holds them", parts)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"springhead_gateway_{name}", text, value=value)


def _by(label: str, name: str, text: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"springhead_gateway_{name}", text, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family
