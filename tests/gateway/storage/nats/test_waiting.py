"""What is kept of a log in which an event waits while others are delivered."""

from __future__ import annotations

from typing import Any

import pytest

from springhead.gateway.storage.nats import NatsStore
from springhead.gateway.storage.nats.append import bucket_of
from support.stores import NatsBackend, claim, deliver, entry, keep, names

STUCK = "ada"
OTHERS = [user for user in map(str, range(1_000)) if bucket_of("auth0", user) == bucket_of("auth0", STUCK)][:20]
ROUNDS = 15

pytestmark = pytest.mark.parametrize("backend", ["nats"], indirect=True)


async def deliver_behind_one_that_waits(store: NatsStore) -> int:
    """Have one user's event refused, deliver many of other users in its bucket, and return its number."""
    await keep(store, entry("waits", STUCK))
    (refused,) = await claim(store)
    await store.postpone(refused.seq, refusals=1, seconds=3_600)
    for round_ in range(ROUNDS):
        await keep(store, *(entry(f"{round_} {user}", user) for user in OTHERS), entry(f"{round_}", STUCK))
        assert await deliver(store) == [f"{round_} {user}" for user in OTHERS]
    return refused.seq


def test_what_is_delivered_behind_an_event_is_not_counted(backend: NatsBackend) -> None:
    """Events that wait behind it are; the rest of their messages is delivered."""

    async def scenario(opened: Any) -> None:
        waiting = await deliver_behind_one_that_waits(opened)
        assert (await opened.counts()).undelivered == 1 + ROUNDS
        await opened.postpone(waiting, refusals=2, seconds=0)
        assert await deliver(opened) == ["waits", *map(str, range(ROUNDS))]
        assert (await opened.counts()).undelivered == 0

    backend.use(scenario)


def test_messages_above_one_that_waits_are_deleted(backend: NatsBackend) -> None:
    """However much is delivered, an event that waits holds no more than itself."""

    async def scenario(opened: Any) -> None:
        await keep(opened, entry("waits", STUCK))
        before = (await opened.counts()).space.events
        (refused,) = await claim(opened)
        await opened.postpone(refused.seq, refusals=1, seconds=3_600)
        for round_ in range(ROUNDS):
            await keep(opened, *(entry(f"{round_} {user}", user) for user in OTHERS))
            assert len(await deliver(opened)) == len(OTHERS)
        assert (await opened.counts()).space.events == before
        assert (await opened.counts()).undelivered == 1

    backend.use(scenario)


def test_the_next_owner_delivers_what_waits_and_nothing_else(backend: NatsBackend) -> None:
    """In the order of each user, with the refusals there were."""

    async def first(opened: Any) -> None:
        await deliver_behind_one_that_waits(opened)

    async def second(opened: Any) -> None:
        (refused, *behind) = await claim(opened)
        assert (names([refused]), refused.refusals, behind) == (["waits"], 1, [])
        await opened.acknowledge([refused.seq])
        assert await deliver(opened) == list(map(str, range(ROUNDS)))
        assert (await opened.counts()).space.events == 0

    backend.use(first)
    backend.use(second)


def test_what_the_next_owner_has_not_read_yet_still_waits(
    backend: NatsBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may settle the first events before it reads the others: for want of room, or from a late replica."""

    async def first(opened: Any) -> None:
        await deliver_behind_one_that_waits(opened)

    async def second(opened: Any) -> None:
        await opened.acknowledge([(await claim(opened))[0].seq])
        assert (await opened.counts()).undelivered == ROUNDS
        assert await deliver(opened) == list(map(str, range(ROUNDS)))
        assert (await opened.counts()).undelivered == 0

    backend.use(first)
    monkeypatch.setattr("springhead.gateway.storage.nats.source_logs._MAX_BYTES", 0)
    monkeypatch.setattr("springhead.gateway.storage.nats.source_logs._MIN_READ", 1)
    backend.use(second)
