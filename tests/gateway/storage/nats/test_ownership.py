"""How long a bucket is a gateway's, and whose it is if it could not be taken."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from springhead.gateway.storage.nats import NatsOptions, NatsStore, ownership
from springhead.gateway.storage.nats.api import until_answered
from springhead.gateway.storage.nats.connection import connect
from springhead.gateway.storage.nats.ownership import BUCKETS, Ownership
from springhead.gateway.storage.nats.publisher import Publisher
from springhead.gateway.storage.nats.streams import ensure, streams_of
from springhead.gateway.storage.records import StoreBusy
from support.nats_nodes import Node


@asynccontextmanager
async def owner(
    nodes: list[Node], folder: Path, taken: Callable[[int], Awaitable[None]]
) -> AsyncIterator[Ownership]:
    """A gateway that does this before it uses a bucket."""
    servers = tuple(node.url for node in nodes)
    options = NatsOptions(servers, name=f"test-{uuid.uuid4().hex}", folder=folder)
    client = await connect(options)
    try:
        await until_answered(lambda: ensure(client, options), 15.0)
        leases = streams_of(options.name).leases
        publisher = Publisher(client, options.patience)
        yield Ownership(client, publisher, leases, taken, lambda _: None, lambda _: True, bytes)
    finally:
        await client.close()


def test_a_lease_runs_from_before_the_bucket_is_prepared(
    nodes: list[Node], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever prepares it longer than the lease lasts does not own it: another may by now."""
    monkeypatch.setattr(ownership, "_SAFE_SECONDS", 0.2)

    async def scenario() -> None:
        async with owner(nodes, tmp_path, lambda _: asyncio.sleep(0.2)) as slow:
            await slow.renew()
            assert not any(map(slow.owns, range(BUCKETS)))

    asyncio.run(scenario())


def test_a_bucket_that_cannot_be_prepared_is_given_back(nodes: list[Node], tmp_path: Path) -> None:
    """So it is taken in the next round, not once the lease ends."""
    failures = [StoreBusy("NATS does not answer")]

    async def prepare(bucket: int) -> None:
        if bucket == 0 and failures:
            raise failures.pop()

    async def scenario() -> None:
        async with owner(nodes, tmp_path, prepare) as failing:
            with pytest.raises(StoreBusy):
                await failing.renew()
            await asyncio.sleep(0.5)  # the other buckets are still being taken
            await failing.renew()
            assert failing.owns(0)

    asyncio.run(scenario())


def test_a_renewal_whose_answer_was_lost_gives_nothing_up(
    nodes: list[Node], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease that it could not renew is its own."""
    publish = Publisher.publish

    async def lose_answer(publisher: Publisher, subject: str, *args: Any, **options: Any) -> int:
        sequence = await publish(publisher, subject, *args, **options)
        if subject.endswith(".bucket.0"):
            raise StoreBusy("NATS does not answer")
        return sequence

    async def scenario() -> None:
        async with owner(nodes, tmp_path, lambda _: asyncio.sleep(0)) as owning:
            await owning.renew()
            with monkeypatch.context() as patched:
                patched.setattr(Publisher, "publish", lose_answer)
                with pytest.raises(StoreBusy):
                    await owning.renew()
            for _ in range(2):
                await owning.renew()
                assert all(map(owning.owns, range(BUCKETS)))

    asyncio.run(scenario())


def test_a_store_is_closed_though_the_cancellation_of_its_renewal_is_lost(
    nodes: list[Node], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is, in older versions of Python, when an answer comes in the same moment."""
    options = NatsOptions((nodes[0].url,), name=f"test-{uuid.uuid4().hex}", folder=tmp_path)
    renewing = asyncio.Event()

    async def renew(_ownership: Ownership) -> None:
        renewing.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    async def scenario() -> None:
        store = NatsStore(options)
        await store.open()
        monkeypatch.setattr(Ownership, "renew", renew)
        await renewing.wait()
        await store.close()

    asyncio.run(scenario())
