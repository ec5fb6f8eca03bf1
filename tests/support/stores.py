"""Opens stores in folders, and makes what to put into them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from springhead.gateway.storage.records import (
    ClaimedEvent,
    DeadEvent,
    DeadLetter,
    NewDeadLetter,
    NewEvent,
    Receipt,
    StoredCall,
)
from springhead.gateway.storage.sqlite import SqliteStore

FILE = "store.sqlite"


@asynccontextmanager
async def opened(folder: Path, **settings: Any) -> AsyncIterator[SqliteStore]:
    """Open a store, and close it after the block."""
    store = SqliteStore(folder, **({"reserve": 0} | settings))
    try:
        yield store
    finally:
        await store.close()


def use(folder: Path, scenario: Callable[[SqliteStore], Awaitable[None]], **settings: Any) -> None:
    """Run a scenario with the store in this folder."""

    async def run() -> None:
        async with opened(folder, **settings) as store:
            await scenario(store)

    asyncio.run(run())


def entry(message_id: str, user: str = "ada", source: str = "auth0", size: int = 2) -> NewEvent:
    """An event of `size` bytes."""
    return NewEvent(source, message_id, user, b"{" + b" " * (size - 2) + b"}")


def letter(rule: str = "schema/required", source: str = "auth0", record: bytes = b"{}") -> NewDeadLetter:
    """A dead letter."""
    return NewDeadLetter(source, rule, "type is required", "/0", 3, record)


def dead_event(claimed: ClaimedEvent) -> DeadEvent:
    """The dead letter a claimed event becomes."""
    return DeadEvent(claimed.seq, claimed.message_id, "delivery/400", "the destination answered 400")


def call(body: bytes = b"[]") -> StoredCall:
    """An HTTP call."""
    return StoredCall("POST", "/v1/webhook", {"user-agent": ["example"]}, {"a": ["1", "2"]}, body)


async def keep(store: SqliteStore, *entries: NewEvent) -> Receipt:
    """Append these events."""
    return await store.append(entries, [], None)


async def letters(store: SqliteStore) -> list[DeadLetter]:
    """All dead letters, each whole."""
    found = [await store.dead_letter(each.id) for each in await store.dead_letters(limit=1_000_000)]
    return [each for each in found if each is not None]


async def claim(
    store: SqliteStore, lane: int = 0, lanes: int = 1, source: str = "auth0", **limits: Any
) -> list[ClaimedEvent]:
    """Claim everything, within the limits given."""
    return await store.claim(
        source, lane, lanes, **({"events": 100, "size": 1_000_000, "lease": 60.0} | limits)
    )


def names(claimed: list[ClaimedEvent]) -> list[str]:
    """The messageIds of claimed events."""
    return [each.message_id for each in claimed]


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Query the file itself, over another connection."""
    connection = sqlite3.connect(folder / FILE)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()
