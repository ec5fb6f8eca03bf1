"""The status: a gateway in, what an operator wants to know of it now out, as JSON."""

from __future__ import annotations

import time
from importlib.metadata import version

from ...core.codec import Object
from ..app import Gateway
from ..settings import SourceSettings
from ..storage.records import StoreCounts
from .rates import Rates

REJECTIONS = 10
"""The last rejections told of each source."""
_NONE = (0, 0)


async def status_of(gateway: Gateway, rates: Rates) -> Object:
    """What is accepted, waits, and was rejected, of each source and of all.

    Raises:
        SpringheadError: the store does not answer.
    """
    counts = await gateway.store.counts()
    now, listening = time.time(), gateway.settings.gateway
    sources = [_source(gateway, one, counts, rates) for one in gateway.settings.source]
    known = {one.name for one in gateway.settings.source}
    return {
        "version": version("springhead"),
        "at": now,
        "webhook": f"http://{listening.host}:{listening.port}/v1/webhook",
        "destination": {
            "to": gateway.settings.delivery.to,
            "down": gateway.delivery.is_down,
            "why": gateway.delivery.reason or None,
        },
        "undelivered": counts.undelivered,
        "oldest_undelivered_seconds": _waited(counts.oldest, now),
        "dead_letters": counts.letters,
        "store_bytes": counts.bytes,
        "sources": sources + [_former(gateway, name, counts) for name in counts.by_source if name not in known],
    }


def _source(gateway: Gateway, source: SourceSettings, counts: StoreCounts, rates: Rates) -> Object:
    undelivered, letters = counts.by_source.get(source.name, _NONE)
    rejected = [
        {"at": accepted.at, **rejection}
        for accepted in gateway.feed.last(source.name)
        for rejection in accepted.rejections
    ]
    return {
        "name": source.name,
        "type": source.type,
        "enabled": source.enabled,
        "rate_10s": rates.over(source.name, 10),
        "rate_60s": rates.over(source.name, 60),
        "last_60s": rates.counted(source.name),
        "undelivered": undelivered,
        "oldest_undelivered_seconds": _waited(counts.oldest_of.get(source.name), time.time()),
        "dead_letters": letters,
        "rejections": rejected[-REJECTIONS:],
        "held": gateway.delivery.held.get(source.name),
    }


def _waited(since: float | None, now: float) -> float | None:
    """Seconds since then, 0 on a clock that was set back; None where nothing waits."""
    return None if since is None else max(now - since, 0)


def _former(gateway: Gateway, name: str, counts: StoreCounts) -> Object:
    """A source that is configured no more, of which the store still holds something."""
    idle: Object = {"rate_10s": 0, "rate_60s": 0, "last_60s": [], "rejections": []}
    undelivered, letters = counts.by_source[name]
    waited = _waited(counts.oldest_of.get(name), time.time())
    kept: Object = {"undelivered": undelivered, "oldest_undelivered_seconds": waited, "dead_letters": letters}
    kept["held"] = gateway.delivery.held.get(name)
    return {"name": name, "type": None, "enabled": False, **idle, **kept}
