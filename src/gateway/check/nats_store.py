"""Checks that a store in NATS can be reached and is what the gateway needs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from ...core.errors import SpringheadError
from ..open_store import open_store
from ..settings import Settings
from ..storage.records import StoreCounts
from .result import CheckResult


def check_nats_store(settings: Settings) -> Iterator[CheckResult]:
    """Report whether the cluster can be used, and what it holds. Streams that are missing are made."""
    try:
        counts = asyncio.run(_counts(settings))
    except SpringheadError as error:
        reason, _, advice = str(error).rpartition("; ")
        yield CheckResult("store", "problem", reason or advice, advice if reason else "check store.url")
        return
    held = f"undelivered events: {counts.undelivered:,}, dead letters: {counts.dead_letters:,}"
    yield CheckResult("store", "ok", f"{settings.store.url} can be used; {held}")


async def _counts(settings: Settings) -> StoreCounts:
    store = open_store(settings)
    try:
        await store.open(delivers=False)
        return await store.counts()
    finally:
        await store.close()
