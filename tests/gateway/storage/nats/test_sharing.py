"""How gateways on one cluster share what is delivered."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from springhead.gateway.storage.nats import NatsOptions, NatsStore, seen_stream
from springhead.gateway.storage.nats.api import StoredMessage, read_all
from springhead.gateway.storage.nats.ownership import BUCKETS
from springhead.gateway.storage.records import ClaimedEvent, Receipt, StoreBusy
from support.nats_nodes import Node
from support.senders import until
from support.stores import claim, dead_event, deliver, entry, keep, letter, names


@pytest.fixture
def options(nodes: list[Node], tmp_path: Path) -> NatsOptions:
    """Streams of their own."""
    servers = tuple(node.url for node in nodes)
    return NatsOptions(servers, name=f"test-{uuid.uuid4().hex}", folder=tmp_path / "one")


@asynccontextmanager
async def opened(options: NatsOptions, **changes: Any) -> AsyncIterator[NatsStore]:
    """The store of one gateway."""
    store = NatsStore(replace(options, **changes))
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def events(prefix: str) -> list[Any]:
    """One event of each of a hundred users."""
    return [entry(f"{prefix} {user}", f"{user}") for user in range(100)]


async def shared(*stores: NatsStore) -> None:
    """Wait until each of these gateways owns its share of the buckets."""
    await until(lambda: all(len(store.owned) == 16 // len(stores) for store in stores))


async def delivered_by(count: int, *stores: NatsStore) -> list[list[str]]:
    """What each of these gateways delivers until they have delivered so many events together."""
    delivered: list[list[str]] = [[] for _ in stores]
    while sum(map(len, delivered)) < count:
        for of_store, store in zip(delivered, stores, strict=True):
            of_store.extend(await deliver(store))
        await asyncio.sleep(0.01)  # buckets may be taken meanwhile
    return delivered


def test_each_event_is_claimed_by_one_gateway(options: NatsOptions, tmp_path: Path) -> None:
    """Whichever accepted it; what both can claim is the whole."""

    async def scenario() -> None:
        async with opened(options) as one, opened(options, folder=tmp_path / "two") as two:
            await shared(one, two)
            await keep(one, *events("one"))
            await keep(two, *events("two"))
            first, second = await delivered_by(200, one, two)
            assert first
            assert second
            assert sorted(first + second) == sorted(each.message_id for each in events("one") + events("two"))
            assert (await one.counts()).undelivered == (await two.counts()).undelivered == 0

    asyncio.run(scenario())


def test_a_gateway_is_told_of_what_another_accepted(
    options: NatsOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It need not look for it: the one that accepted it tells the owner of its bucket."""
    monkeypatch.setattr("springhead.gateway.storage.nats.source_log._LOOK_SECONDS", 3600.0)

    async def scenario() -> None:
        async with opened(options) as one, opened(options, folder=tmp_path / "two") as two:
            await shared(one, two)
            assert await deliver(two) == []
            woken = asyncio.Event()
            two.on_append(lambda _source: woken.set())
            await keep(one, *events("one"))
            await woken.wait()
            await delivered_by(100, one, two)

    asyncio.run(scenario())


def test_an_event_that_two_gateways_accepted_is_delivered_once(options: NatsOptions, tmp_path: Path) -> None:
    """The second does not know it; the owner of its bucket does."""

    async def scenario() -> None:
        async with opened(options) as one, opened(options, folder=tmp_path / "two") as two:
            await keep(one, entry("1"))
            assert await keep(two, entry("1"), entry("2")) == Receipt(2, (), ())
            await shared(one, two)
            first, second = await delivered_by(2, one, two)
            assert first + second == ["1", "2"]
            assert (await one.counts()).undelivered == 0

    asyncio.run(scenario())


def test_a_gateway_that_stops_hands_its_share_on(options: NatsOptions, tmp_path: Path) -> None:
    """At once, with the refusals that it counted."""

    async def scenario() -> None:
        async with opened(options, folder=tmp_path / "two") as two:
            async with opened(options) as one:
                await shared(one, two)
                await keep(one, *events("1"))
                for event in await claim(one):
                    await one.postpone(event.seq, refusals=3, seconds=3600)
            await until(lambda: len(two.owned) == 16)
            found: list[ClaimedEvent] = []
            while len(found) < 100:
                claimed = await claim(two)
                found += claimed
                await two.acknowledge([event.seq for event in claimed])
                await asyncio.sleep(0.01)
            assert len(found) == 100
            assert {event.refusals for event in found} == {0, 3}

    asyncio.run(scenario())


def test_a_share_is_handed_over_while_its_events_are_postponed(options: NatsOptions, tmp_path: Path) -> None:
    """Nothing of it is being sent, and whatever else is in these buckets need not wait for the next try."""

    async def scenario() -> None:
        async with opened(options) as one:
            await keep(one, *events("1"))
            for event in await claim(one):
                await one.postpone(event.seq, refusals=1, seconds=3600)
            async with opened(options, folder=tmp_path / "two") as two:
                await shared(one, two)

    asyncio.run(scenario())


def test_a_gateway_that_dies_is_followed_once_its_leases_end(options: NatsOptions, tmp_path: Path) -> None:
    """And what it acknowledges after that changes nothing."""

    async def scenario() -> None:
        async with opened(options, folder=tmp_path / "two") as two, opened(options) as one:
            await shared(one, two)
            await keep(one, *events("1"))
            claimed = await claim(one)
            assert one.renewing is not None
            one.renewing.cancel()
            await until(lambda: len(two.owned) == 16)
            (delivered,) = await delivered_by(100, two)
            assert set(names(claimed)) <= set(delivered)
            assert len(delivered) == len(set(delivered)) == 100
            with pytest.raises(StoreBusy, match="may be another gateway's by now"):
                await one.acknowledge([], [dead_event(claimed[0])])
            await one.acknowledge([event.seq for event in claimed])
            counts = await two.counts()
            assert (counts.undelivered, counts.dead_letters) == (0, 0)

    asyncio.run(scenario())


def test_what_was_delivered_is_known_without_the_file(options: NatsOptions, tmp_path: Path) -> None:
    """The cluster tells it to a gateway that begins with an empty folder."""

    async def scenario() -> None:
        async with opened(options) as store:
            await keep(store, entry("1"), entry("2"))
            assert await deliver(store) == ["1", "2"]
        async with opened(options, folder=tmp_path / "empty") as store:
            assert await keep(store, entry("1"), entry("3")) == Receipt(1, (0,), ())
            assert await deliver(store) == ["3"]

    asyncio.run(scenario())


def test_what_was_dropped_is_accepted_again_without_the_file(options: NatsOptions, tmp_path: Path) -> None:
    """By a gateway that reads that the event may come again before it reads that it came."""

    async def scenario() -> None:
        async with opened(options) as store:
            await keep(store, entry("1"))
            await store.acknowledge([], [dead_event((await claim(store))[0])])
            assert await store.drop([one.id for one in await store.dead_letters()]) == 1
        async with opened(options, folder=tmp_path / "empty") as store:
            assert await keep(store, entry("1")) == Receipt(1, (), ())
            assert await deliver(store) == ["1"]
        async with opened(options, folder=tmp_path / "another") as store:
            assert await keep(store, entry("1")) == Receipt(0, (0,), ())

    asyncio.run(scenario())


def test_what_was_dropped_and_accepted_again_is_delivered_at_once(
    options: NatsOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner of its bucket need not have read by itself yet that it was dropped."""
    monkeypatch.setattr("springhead.gateway.storage.nats.store.ROUND_SECONDS", 3.0)

    async def scenario() -> None:
        async with opened(options) as store:
            await keep(store, entry("1"))
            await store.acknowledge([], [dead_event((await claim(store))[0])])
            other = NatsStore(replace(options, folder=tmp_path / "other"))
            await other.open(delivers=False)
            try:
                assert await other.drop([one.id for one in await other.dead_letters()]) == 1
                assert await keep(other, entry("1")) == Receipt(1, (), ())
            finally:
                await other.close()
            await asyncio.sleep(0.6)  # longer than between two looks for what others accepted
            assert await deliver(store) == ["1"]

    asyncio.run(scenario())


def test_a_bucket_is_not_used_before_all_is_read_that_was_delivered_of_it(
    options: NatsOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replica that is behind may show less of it at first."""

    async def read_late(*args: Any, **options_: Any) -> AsyncIterator[StoredMessage]:
        late.append(args)
        if len(late) > BUCKETS:
            async for message in read_all(*args, **options_):
                yield message

    late: list[Any] = []

    async def scenario() -> None:
        async with opened(options) as store:
            await keep(store, entry("1"))
            assert await deliver(store) == ["1"]
        monkeypatch.setattr(seen_stream, "read_all", read_late)
        async with opened(options, folder=tmp_path / "empty") as store:
            assert await keep(store, entry("1")) == Receipt(0, (0,), ())

    asyncio.run(scenario())


def test_a_command_that_only_looks_takes_no_share(options: NatsOptions, tmp_path: Path) -> None:
    """It counts, lists and drops beside the gateway, which keeps all buckets."""

    async def scenario() -> None:
        async with opened(options) as store:
            await store.append([entry("1")], [letter()], None)
            looking = NatsStore(replace(options, folder=tmp_path / "command"))
            await looking.open(delivers=False)
            try:
                assert (await looking.counts()).by_source == {"auth0": (1, 1)}
                assert await looking.drop([one.id for one in await looking.dead_letters()]) == 1
                assert await claim(looking) == []
                await asyncio.sleep(1.5)  # longer than a round in which buckets are shared out
                assert len(store.owned) == 16
            finally:
                await looking.close()

    asyncio.run(scenario())
