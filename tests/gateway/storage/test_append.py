"""What any store promises those who append."""

from __future__ import annotations

import asyncio

from springhead.gateway.storage.records import (
    NewEvent,
    Receipt,
)
from springhead.gateway.storage.store import Store
from support.stores import (
    Backend,
    claim,
    entry,
    keep,
    letter,
    names,
)


def test_whoever_delivers_is_told_of_new_events(backend: Backend) -> None:
    """With their source; nothing is told of a call that brought nothing to deliver."""
    told: list[str] = []

    async def scenario(store: Store) -> None:
        store.on_append(told.append)
        await keep(store, entry("1"), entry("2"), entry("3", source="slack"))
        assert set(told) == {"auth0", "slack"}
        told.clear()
        await store.append([entry("1")], [letter()], None)
        assert told == []

    backend.use(scenario)


def test_what_was_appended_is_claimed_whole(backend: Backend) -> None:
    """An event comes out with all that went in, by the same store and by the next one."""
    sent = NewEvent("Auth0 production", "m\0é", "auth0|1", b'{"type": "track"}')

    async def append(store: Store) -> None:
        assert await store.append([sent], [], None) == Receipt(1, (), ())

    async def read(store: Store) -> None:
        (got,) = await claim(store, source="Auth0 production")
        assert NewEvent(got.source, got.message_id, got.user, got.event) == sent
        assert (got.refusals, got.accepted_at) == (0, (await store.counts()).oldest)

    backend.use(append)
    backend.use(read)


def test_a_message_id_is_accepted_once(backend: Backend) -> None:
    """Duplicates are found within an append, within a group, across appends and across restarts."""

    async def scenario(store: Store) -> None:
        assert await keep(store, entry("1"), entry("1"), entry("2")) == Receipt(2, (1,), ())
        group = await asyncio.gather(keep(store, entry("3")), keep(store, entry("3")))
        assert sorted(receipt.stored for receipt in group) == [0, 1]
        assert await keep(store, entry("1"), entry("4")) == Receipt(1, (0,), ())
        assert await keep(store, entry("1", source="slack")) == Receipt(1, (), ())
        await store.acknowledge([each.seq for each in await claim(store)])

    async def restarted(store: Store) -> None:
        assert await keep(store, entry("1"), entry("4")) == Receipt(0, (0, 1), ())
        assert await claim(store) == []

    backend.use(scenario)
    backend.use(restarted)


def test_a_message_id_is_accepted_again_after_the_window(backend: Backend) -> None:
    """At the end of the window, as long as the id is one of the recent ones."""

    async def scenario(store: Store) -> None:
        await keep(store, entry("1"))
        assert await keep(store, entry("1")) == Receipt(0, (0,), ())
        await asyncio.sleep(0.35)
        assert await keep(store, entry("1")) == Receipt(1, (), ())
        assert await keep(store, entry("1")) == Receipt(0, (0,), ())

    backend.use(scenario, window=0.3)


def test_a_caller_that_is_cancelled_costs_nobody(backend: Backend) -> None:
    """What it asked for is committed all the same, and the others are answered."""

    async def scenario(store: Store) -> None:
        tasks = [asyncio.create_task(keep(store, entry(f"{each}", f"{each}"))) for each in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        assert await tasks[2] == Receipt(1, (), ())
        assert names(await claim(store)) == ["0", "1", "2"]

    backend.use(scenario)


def test_closing_finishes_what_waits(backend: Backend) -> None:
    """An append that was under way when the store was closed has its receipt."""

    async def scenario() -> None:
        async with backend.opened() as store:
            appends = [asyncio.create_task(keep(store, entry(f"{each}"))) for each in range(50)]
            await asyncio.sleep(0)
            await store.close()
        assert await asyncio.gather(*appends) == [Receipt(1, (), ())] * 50
        async with backend.opened() as store:
            assert (await store.counts()).undelivered == 50

    asyncio.run(scenario())
