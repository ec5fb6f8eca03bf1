"""What is kept of a log in which an event waits while others are delivered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from springhead.gateway.storage.nats import NatsStore, source_log
from springhead.gateway.storage.nats.api import StoredMessage, read
from springhead.gateway.storage.nats.append import bucket_of
from springhead.gateway.storage.nats.publisher import Publisher
from springhead.gateway.storage.nats.seen import Seen
from springhead.gateway.storage.nats.source_log import SourceLog
from springhead.gateway.storage.records import StoreBusy
from support.stores import NatsBackend, claim, dead_event, deliver, entry, keep, names

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


def test_what_an_owner_settled_and_did_not_delete_is_deleted_by_the_next(
    backend: NatsBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if nothing comes after it: it is neither counted, nor does it take room."""

    async def delete_nothing(_log: SourceLog) -> None:
        """Stop before anything is deleted."""

    async def first(opened: Any) -> None:
        await keep(opened, entry("1", OTHERS[0]))
        await keep(opened, entry("waits", STUCK))
        await keep(opened, entry("2", OTHERS[0]))
        claimed = await claim(opened)
        await opened.acknowledge([event.seq for event in claimed if event.user != STUCK])

    async def second(opened: Any) -> None:
        (waits,) = await claim(opened)
        assert (await opened.counts()).undelivered == 1
        await opened.acknowledge([waits.seq])
        assert (await opened.counts()).space.events == 0

    with monkeypatch.context() as patched:
        patched.setattr(SourceLog, "_delete_settled", delete_nothing)
        backend.use(first)
    backend.use(second)


def test_a_message_that_was_settled_is_not_waited_for(
    backend: NatsBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the gateway that accepted it knows of it, and an earlier owner of its bucket deleted it."""
    reads: list[int] = []

    def counted(*args: Any, **request: Any) -> AsyncIterator[StoredMessage]:
        reads.append(request["seq"])
        return read(*args, **request)

    async def scenario(opened: Any) -> None:
        await keep(opened, entry("waits", STUCK))
        await keep(opened, entry("delivered", OTHERS[0]))
        await opened.acknowledge([(await claim(opened))[1].seq])
        opened._logs.lose(bucket_of("auth0", STUCK))  # noqa: SLF001 - as if another had owned it
        monkeypatch.setattr(source_log, "read", counted)
        assert names(await claim(opened)) == ["waits"]
        assert len(reads) < 20

    backend.use(scenario)


def test_what_was_delivered_of_an_earlier_stream_says_nothing_of_a_new_one(backend: NatsBackend) -> None:
    """An operator may remove the events, and leave how far they were delivered: sequences begin anew."""

    async def first(opened: Any) -> None:
        for number in range(5):
            await keep(opened, entry(f"{number}"))
        (one, *others) = await claim(opened)
        await opened.acknowledge([event.seq for event in others], [dead_event(one)])
        await opened._client.jetstream().delete_stream(f"{backend.name}-events")  # noqa: SLF001 - as an operator

    async def second(opened: Any) -> None:
        await keep(opened, entry("n"))
        await keep(opened, entry("new"))
        await opened.acknowledge([], [dead_event((await claim(opened, events=1))[0])])
        assert await deliver(opened) == ["new"]
        assert len(await opened.dead_letters()) == 2

    backend.use(first)
    backend.use(second)


def test_progress_beyond_the_end_of_the_stream_says_nothing(backend: NatsBackend) -> None:
    """A power cut may take the last events from the disks; new ones get their sequences, and are delivered."""

    async def first(opened: Any) -> None:
        await keep(opened, entry("lost"))
        assert await deliver(opened) == ["lost"]
        bucket = bucket_of("auth0", "ada")
        (log,) = [each for each in opened._logs if each.bucket == bucket]  # noqa: SLF001 - as if more had been there
        log.cursor.progress.floor = log.cursor.progress.top = 1_000
        await log.cursor.save()

    async def second(opened: Any) -> None:
        await keep(opened, entry("new"))
        assert await deliver(opened) == ["new"]

    backend.use(first)
    backend.use(second)


def test_a_duplicate_that_cannot_be_settled_is_not_delivered(
    backend: NatsBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is claimed until it is, though no more is read meanwhile."""

    async def fail(*_: Any) -> None:
        raise StoreBusy("NATS does not answer")

    async def scenario(opened: Any) -> None:
        await keep(opened, entry("1"))
        monkeypatch.setattr(Seen, "remember", lambda *_: None)
        opened._seen._recent.clear()  # noqa: SLF001 - as at another gateway
        await keep(opened, entry("1"))
        monkeypatch.undo()
        with monkeypatch.context() as patched:
            patched.setattr(Publisher, "publish_once", fail)
            with pytest.raises(StoreBusy):
                await claim(opened)
            patched.setattr("springhead.gateway.storage.nats.source_log._MAX_EVENTS", 0)
            with pytest.raises(StoreBusy):
                await claim(opened)
        assert await deliver(opened) == ["1"]

    backend.use(scenario)


def test_a_replica_that_came_to_a_stop_holds_nothing_up(
    backend: NatsBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What this gateway knows of is read from the leader."""

    def read_nothing(*args: Any, **request: Any) -> AsyncIterator[StoredMessage]:
        return read(*args, **request | {"seq": 10**9})

    async def scenario(opened: Any) -> None:
        monkeypatch.setattr(source_log, "read", read_nothing)
        for number in range(3):
            await keep(opened, entry(f"{number}"))
        assert await deliver(opened) == ["0", "1", "2"]

    backend.use(scenario)
