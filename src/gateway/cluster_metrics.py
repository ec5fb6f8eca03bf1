"""Measures how a gateway gets on with the cluster that keeps its events, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge

from .storage.shared import ClusterStats


class ClusterMetrics:
    """What the workers of one gateway measure."""

    def __init__(self, registry: CollectorRegistry, stats: Callable[[], ClusterStats]) -> None:
        """`stats` tells how it is now."""
        self._stats = stats
        self._publishes = self._reconnects = 0

        def named(name: str, text: str, mode: str = "") -> dict[str, Any]:
            about = {"name": f"springhead_gateway_cluster_{name}", "documentation": text, "registry": registry}
            return about | ({"multiprocess_mode": mode} if mode else {})

        self._buckets = Gauge(**named("buckets", "Buckets that this gateway delivers", "livesum"))
        self._unowned = Gauge(**named("unowned_buckets", "Buckets that no gateway delivers", "livemax"))
        text = "When a write last succeeded, at the worker where that is longest ago"
        self._written_at = Gauge(**named("written_timestamp_seconds", text, "livemin"))
        self._published = Counter(**named("publishes", "Messages that the cluster has stored"))
        self._reconnected = Counter(**named("reconnects", "Connections lost, and made again"))

    def sample(self) -> None:
        """Read how it is now."""
        stats = self._stats()
        self._buckets.set(stats.buckets)
        self._unowned.set(stats.unowned)
        self._written_at.set(stats.written_at)
        self._published.inc(stats.publishes - self._publishes)
        self._reconnected.inc(stats.reconnects - self._reconnects)
        self._publishes, self._reconnects = stats.publishes, stats.reconnects
