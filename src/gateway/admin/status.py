"""Reports the state of a gateway to operators."""

from __future__ import annotations

import time
from importlib.metadata import version

import msgspec

from ...core.codec import Object
from ..app import Gateway
from ..peers import GatewayReport
from ..settings import SourceSettings
from ..storage.records import StoreCounts
from .rates import Rates

REJECTIONS = 10
"""The most rejections reported of each source, the last ones."""


async def status_of(gateway: Gateway, rates: Rates) -> Object:
    """What was accepted, waits and was rejected, in total and by source, as JSON.

    It is about all gateways that share the store, but for the rejections, which are this one's.

    Raises:
        SpringheadError: the store does not answer.
    """
    counts = await gateway.store.counts()
    down = gateway.peers.down
    now, settings = time.time(), gateway.settings
    configured = {source.name for source in settings.source}
    removed = [name for name in counts.by_source if name not in configured]
    return {
        "version": version("springhead"),
        "at": now,
        "webhook": settings.gateway.webhook_url,
        "config": str(settings.path.resolve()),
        "destination": {
            "to": settings.delivery.to,
            "down": down is not None,
            "reason": None if down is None else down.reason,
        },
        "gateway": gateway.peers.own.name,
        "gateways": [_gateway(report) for report in gateway.peers.gateways],
        "undelivered": counts.undelivered,
        "oldest_undelivered_seconds": _age(counts.oldest, now),
        "dead_letters": counts.dead_letters,
        "store_bytes": counts.bytes,
        "store_parts": msgspec.structs.asdict(counts.space),
        "sources": [
            *(_configured(gateway, source, counts, rates, now) for source in settings.source),
            *(_removed(gateway, name, counts, now) for name in removed),
        ],
    }


def _gateway(report: GatewayReport) -> Object:
    return {
        "name": report.name,
        "buckets": report.buckets,
        "down": None if report.down is None else report.down.reason,
        "held": {name: breaker.reason for name, breaker in report.held.items()},
    }


def _configured(
    gateway: Gateway, source: SourceSettings, counts: StoreCounts, rates: Rates, now: float
) -> Object:
    rejections = [
        {"at": request.at, **rejection}
        for request in gateway.recent.last(source.name)
        for rejection in request.rejections
    ]
    return {
        "name": source.name,
        "type": source.type,
        "enabled": source.enabled,
        "rate_10s": rates.mean(source.name, 10),
        "rate_60s": rates.mean(source.name, 60),
        "last_60s": rates.counts(source.name),
        "rejections": rejections[-REJECTIONS:],
        **_backlog(gateway, source.name, counts, now),
    }


def _removed(gateway: Gateway, name: str, counts: StoreCounts, now: float) -> Object:
    """A source that is no longer configured, but still has events or dead letters in the store."""
    idle: Object = {"rate_10s": 0, "rate_60s": 0, "last_60s": [], "rejections": []}
    return {"name": name, "type": None, "enabled": False, **idle, **_backlog(gateway, name, counts, now)}


def _backlog(gateway: Gateway, name: str, counts: StoreCounts, now: float) -> Object:
    undelivered, letters = counts.by_source.get(name, (0, 0))
    breaker = gateway.peers.held.get(name)
    return {
        "undelivered": undelivered,
        "oldest_undelivered_seconds": _age(counts.oldest_by_source.get(name), now),
        "dead_letters": letters,
        "bytes": counts.bytes_by_source.get(name, 0),
        "held": None if breaker is None else breaker.reason,
    }


def _age(since: float | None, now: float) -> float | None:
    """Seconds since then, or 0 if the clock was set back; None if nothing waits."""
    return None if since is None else max(now - since, 0)
