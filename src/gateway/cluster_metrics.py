"""Measures how a gateway gets on with the cluster that keeps its events, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge

from .storage.shared import ClusterStats

_PREFIX = "springhead_gateway_cluster"
_Mode: TypeAlias = Literal["livesum", "livemax", "livemin"]
"""How the figures of several workers become one."""


class ClusterMetrics:
    """What the workers of one gateway measure."""

    def __init__(self, registry: CollectorRegistry, stats: Callable[[], ClusterStats]) -> None:
        """`stats` tells how it is now."""
        self._stats = stats
        self._publishes = self._reconnects = 0

        def gauge(name: str, text: str, mode: _Mode) -> Gauge:
            return Gauge(f"{_PREFIX}_{name}", text, registry=registry, multiprocess_mode=mode)

        self._buckets = gauge("buckets", "Buckets that this gateway delivers", "livesum")
        self._unowned = gauge("unowned_buckets", "Buckets that no gateway delivers", "livemax")
        text = "When a write last succeeded, at the worker where that is longest ago"
        self._written_at = gauge("written_timestamp_seconds", text, "livemin")
        text = "Messages that the cluster has stored"
        self._published = Counter(f"{_PREFIX}_publishes", text, registry=registry)
        text = "Connections lost, and made again"
        self._reconnected = Counter(f"{_PREFIX}_reconnects", text, registry=registry)

    def sample(self) -> None:
        """Read how it is now."""
        stats = self._stats()
        self._buckets.set(stats.buckets)
        self._unowned.set(stats.unowned)
        self._written_at.set(stats.written_at)
        self._published.inc(stats.publishes - self._publishes)
        self._reconnected.inc(stats.reconnects - self._reconnects)
        self._publishes, self._reconnects = stats.publishes, stats.reconnects
