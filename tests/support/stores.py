"""Opens stores in folders, and makes what to put into them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest

from springhead.gateway.storage.nats import NatsOptions, NatsStore
from springhead.gateway.storage.nats.ownership import BUCKETS
from springhead.gateway.storage.records import (
    ClaimedEvent,
    DeadEvent,
    DeadLetter,
    NewDeadLetter,
    NewEvent,
    Receipt,
    StoredCall,
    StoreFull,
    StoreUnusable,
)
from springhead.gateway.storage.sqlite import SqliteStore
from springhead.gateway.storage.store import Store

FILE = "store.sqlite"


class Backend(Protocol):
    """A place for one store, which a test opens, closes and opens again."""

    def opened(self, **settings: Any) -> AbstractAsyncContextManager[Store]:
        """Open the store, and close it after the block."""

    def use(self, scenario: Callable[[Store], Awaitable[None]], **settings: Any) -> None:
        """Run a scenario with the store, and close it."""


@dataclass(frozen=True)
class SqliteBackend:
    """A folder for a store in SQLite."""

    folder: Path

    def opened(self, **settings: Any) -> AbstractAsyncContextManager[Store]:
        """As `Backend.opened`."""
        return opened(self.folder, **settings)

    def use(self, scenario: Callable[[Store], Awaitable[None]], **settings: Any) -> None:
        """As `Backend.use`."""
        use(self.folder, scenario, **settings)


@dataclass(frozen=True)
class NatsBackend:
    """Streams of their own on a cluster."""

    servers: tuple[str, ...]
    name: str
    folder: Path
    _open: list[NatsStore] = field(default_factory=list)

    @asynccontextmanager
    async def opened(self, *, alone: bool = False, **settings: Any) -> AsyncIterator[Store]:
        """As `Backend.opened`, once every bucket has an owner: servers that are slow may be late to say so."""
        store = NatsStore(NatsOptions(self.servers, name=self.name, folder=self.folder, **settings))
        try:
            await store.open(alone=alone)
            self._open.append(store)
            while sum(len(each.owned) for each in self._open) < BUCKETS:  # noqa: ASYNC110 - the store's own task takes them
                await asyncio.sleep(0.02)
            yield store
        finally:
            if store in self._open:
                self._open.remove(store)
            await store.close()

    def use(self, scenario: Callable[[Store], Awaitable[None]], **settings: Any) -> None:
        """As `Backend.use`."""

        async def run() -> None:
            async with self.opened(**settings) as store:
                await scenario(store)

        asyncio.run(run())


@asynccontextmanager
async def opened(folder: Path, *, alone: bool = False, **settings: Any) -> AsyncIterator[SqliteStore]:
    """Open a store, and close it after the block."""
    store = SqliteStore(folder, **({"reserve": 0} | settings))
    try:
        await store.open(alone=alone)
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


async def assert_serves(options: NatsOptions) -> None:
    """A store with these options keeps an event and delivers it."""
    store = NatsStore(options)
    await store.open()
    while len(store.owned) < BUCKETS:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.02)
    await keep(store, entry("one"))
    assert await deliver(store) == ["one"]
    await store.close()


def refusal(options: NatsOptions) -> str:
    """Why a store with these options cannot be opened."""
    with pytest.raises(StoreUnusable) as error:
        asyncio.run(NatsStore(options).open())
    return str(error.value)


async def keep(store: Store, *entries: NewEvent) -> Receipt:
    """Append these events."""
    return await store.append(entries, [], None)


async def fill(store: Store, at_once: int = 10, source: str = "auth0") -> tuple[list[str], list[str]]:
    """Append until nothing more is accepted: the messageIds with a receipt, and the refused ones."""
    accepted: list[str] = []
    refused: list[str] = []
    for round_ in range(1_000):
        sent = [f"{round_}/{each}" for each in range(at_once)]
        appends = (keep(store, entry(each, source=source, size=5_000)) for each in sent)
        for message_id, receipt in zip(
            sent, await asyncio.gather(*appends, return_exceptions=True), strict=True
        ):
            if receipt == Receipt(1, (), ()):
                accepted.append(message_id)
            else:
                assert isinstance(receipt, StoreFull), receipt
                refused.append(message_id)
        if set(sent) <= set(refused):
            break
    return accepted, refused


async def deliver(store: Store) -> list[str]:
    """Claim and acknowledge all events, and return their messageIds."""
    delivered: list[str] = []
    while claimed := await claim(store, events=20):
        await store.acknowledge([each.seq for each in claimed])
        delivered += names(claimed)
    return delivered


async def letters(store: Store) -> list[DeadLetter]:
    """All dead letters, each whole."""
    found = [await store.dead_letter(each.id) for each in await store.dead_letters(limit=1_000_000)]
    return [each for each in found if each is not None]


async def claim(
    store: Store, lane: int = 0, lanes: int = 1, source: str = "auth0", **limits: Any
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
