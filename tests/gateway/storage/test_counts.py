"""What any store tells of what it holds."""

from __future__ import annotations

import time

from springhead.gateway.storage.store import Store
from support.stores import Backend, claim, dead_event, entry, keep, letter


def test_events_and_dead_letters_are_counted_by_source(backend: Backend) -> None:
    """As they come and go; a source that has nothing left is still named."""

    async def scenario(store: Store) -> None:
        empty = await store.counts()
        assert (empty.undelivered, empty.dead_letters, empty.by_source, empty.oldest) == (0, 0, {}, None)
        await store.append([entry("1"), entry("2"), entry("3")], [letter(), letter("unmatched")], None)
        await keep(store, entry("4", source="slack"))
        counts = await store.counts()
        assert (counts.undelivered, counts.dead_letters) == (4, 2)
        assert counts.by_source == {"auth0": (3, 2), "slack": (1, 0)}

        first, second, _ = await claim(store)
        await store.acknowledge([first.seq], [dead_event(second)])
        await store.acknowledge([each.seq for each in await claim(store, source="slack")])
        counts = await store.counts()
        assert (counts.undelivered, counts.dead_letters) == (1, 3)
        assert counts.by_source == {"auth0": (1, 3), "slack": (0, 0)}

    backend.use(scenario)


def test_the_oldest_event_that_waits_is_told(backend: Backend) -> None:
    """Of each source, and of all; events that are delivered or dead do not count."""

    async def scenario(store: Store) -> None:
        before = time.time() - 1
        await keep(store, entry("1"))
        await keep(store, entry("2", source="slack"))
        (one,), (two,) = await claim(store), await claim(store, source="slack")
        counts = await store.counts()
        assert counts.oldest == one.accepted_at > before
        assert counts.oldest_by_source == {"auth0": one.accepted_at, "slack": two.accepted_at}

        await store.acknowledge([one.seq])
        counts = await store.counts()
        assert counts.oldest == two.accepted_at
        assert counts.oldest_by_source == {"slack": two.accepted_at}

    backend.use(scenario)
