"""Checks that a store in NATS can be reached and is what the gateway needs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from ...core.errors import SpringheadError
from ..open_store import open_store
from ..settings import Settings
from ..storage.records import StoreBusy, StoreCounts, StoreFull
from .result import CheckResult
from .sqlite_store import check_left_behind


def check_nats_store(settings: Settings) -> Iterator[CheckResult]:
    """Report whether the cluster can be written, and what it holds. Streams that are missing are made."""
    yield _check_cluster(settings)
    yield from check_left_behind(settings)


def _check_cluster(settings: Settings) -> CheckResult:
    try:
        counts = asyncio.run(_counts(settings))
    except StoreFull as error:
        advice = "deliver what waits, or raise max_bytes there and with `nats stream edit`"
        return CheckResult("store", "problem", f"{settings.store.url} is full: {error}", advice)
    except StoreBusy as error:
        advice = "check that most of its servers run and reach each other"
        return CheckResult("store", "problem", f"{settings.store.url} cannot be written: {error}", advice)
    except SpringheadError as error:
        reason, _, advice = str(error).rpartition("; ")
        return CheckResult("store", "problem", reason or advice, advice if reason else "check store.url")
    held = f"undelivered events: {counts.undelivered:,}, dead letters: {counts.dead_letters:,}"
    return CheckResult("store", "ok", f"{settings.store.url} can be written; {held}")


async def _counts(settings: Settings) -> StoreCounts:
    store = open_store(settings)
    try:
        await store.open(delivers=False)
        await store.probe([source.name for source in settings.source])
        return await store.counts()
    finally:
        await store.close()
