"""What any store promises those who deliver."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from zlib import crc32

import pytest

from springhead.gateway.storage.records import ClaimedEvent, DeadEvent, NewEvent
from springhead.gateway.storage.store import Store
from support.store_model import Model
from support.stores import (
    Backend,
    claim,
    dead_event,
    entry,
    keep,
    letters,
    names,
)


def test_lanes_divide_users(backend: Backend) -> None:
    """Every event is in one lane, by its source and user, and each user's in the order they were accepted."""
    users = [f"auth0|{number}" for number in range(100)]
    sent = [entry(f"{user}/{number}", user) for number in range(3) for user in users]

    async def scenario(store: Store) -> None:
        await keep(store, *sent)
        for lane in range(8):
            mine = [each for each in sent if crc32(f"auth0\0{each.user}".encode()) % 8 == lane]
            assert by_user(await claim(store, lane, 8, events=1_000)) == by_user(mine)

    backend.use(scenario)


@pytest.mark.parametrize(("lane", "lanes"), [(0, 3), (0, 0), (0, 128), (2, 2), (-1, 2)])
def test_there_is_no_such_lane(backend: Backend, lane: int, lanes: int) -> None:
    """Lanes are a power of two up to 16, counted from 0."""

    async def scenario(store: Store) -> None:
        with pytest.raises(ValueError, match="1, 2, 4, 8 or 16"):
            await claim(store, lane, lanes)

    backend.use(scenario)


def test_a_claim_has_limits_and_at_least_one_event(backend: Backend) -> None:
    """Up to so many events and bytes, and never less than the oldest."""

    async def scenario(store: Store) -> None:
        await keep(store, *(entry(f"{number}", f"user {number}", size=100) for number in range(9)))
        assert names(await claim(store, events=2)) == ["0", "1"]
        assert names(await claim(store, size=250)) == ["2", "3"]
        assert names(await claim(store, size=1)) == ["4"]
        assert names(await claim(store, size=400)) == ["5", "6", "7", "8"]

    backend.use(scenario)


def test_no_event_overtakes_an_older_one_of_its_user(backend: Backend) -> None:
    """While a user's event is leased the user's later ones stay, and others' go; a user is one of a source."""

    async def scenario(store: Store) -> None:
        await keep(store, entry("1"), entry("2"), entry("3", "bob"), entry("4", source="slack"))
        (first,) = await claim(store, events=1)
        assert names(await claim(store)) == ["3"]
        assert await claim(store) == []
        assert names(await claim(store, source="slack")) == ["4"]
        await store.acknowledge([first.seq])
        assert names(await claim(store)) == ["2"]

    backend.use(scenario)


def test_what_is_released_comes_first_again(backend: Backend) -> None:
    """A released event keeps its place."""

    async def scenario(store: Store) -> None:
        await keep(store, entry("1"), entry("2"), entry("3"))
        await store.release([each.seq for each in await claim(store, events=2)])
        again = await claim(store)
        assert names(again) == ["1", "2", "3"]

    backend.use(scenario)


def test_a_lease_ends_with_the_process_that_claimed(backend: Backend) -> None:
    """What it did not finish is claimed again at once, and what came after it in its order."""

    async def scenario(store: Store) -> None:
        await keep(store, entry("1"), entry("2"))
        await claim(store, events=1)

    async def restarted(store: Store) -> None:
        assert names(await claim(store)) == ["1", "2"]
        assert await claim(store) == []

    backend.use(scenario)
    backend.use(restarted)


def test_a_claim_is_of_one_source(backend: Backend) -> None:
    """What waits of another hides nothing of it."""

    async def scenario(store: Store) -> None:
        await keep(store, *(entry(f"{each}", f"{each % 9}", "auth0") for each in range(20)))
        await keep(store, entry("other", source="acme"))
        assert names(await claim(store, source="acme")) == ["other"]
        assert await claim(store, source="nowhere") == []
        claimed = await claim(store)
        assert len(claimed) == 20
        assert by_user(claimed)["1"] == ["1", "10", "19"]

    backend.use(scenario)


def test_settling_twice_is_settling_once(backend: Backend) -> None:
    """Delivered events are forgotten, dead ones become one dead letter; a late answer hits nothing new."""

    async def scenario(store: Store) -> None:
        await keep(store, entry("1"), entry("2"))
        delivered, dead = (each.seq for each in await claim(store))
        for _ in range(2):
            await store.acknowledge(
                [delivered], [DeadEvent(dead, "2", "delivery/400", "the data plane answered 400", "bad event")]
            )
        await keep(store, entry("3"))
        await store.acknowledge([delivered, dead], [DeadEvent(dead, "2", "delivery/400", "too late")])

        (kept,) = await letters(store)
        assert (kept.source, kept.rule, kept.event) == ("auth0", "delivery/400", b"{}")
        assert (kept.reason, kept.answer) == ("the data plane answered 400", "bad event")
        assert names(await claim(store)) == ["3"]
        assert (await store.counts()).by_source == {"auth0": (1, 1)}

    backend.use(scenario)


def test_an_event_that_was_refused_alone_waits_and_its_users_later_ones_behind_it(backend: Backend) -> None:
    """Others of its source go on. When it is due, it is claimed without those behind it."""

    async def scenario(store: Store) -> None:
        await keep(store, *(entry(f"{number}") for number in range(200)), entry("bob's", user="bob"))
        first = (await claim(store, events=1))[0]
        await store.postpone(first.seq, refusals=1, seconds=60)
        assert names(await claim(store)) == ["bob's"]
        await store.release([first.seq])
        (again,) = await claim(store)
        assert (again.message_id, again.refusals) == ("0", 1)
        await store.acknowledge([], [dead_event(again)])
        assert names(await claim(store, events=2)) == ["1", "2"]

    backend.use(scenario)


def test_a_count_of_refusals_is_kept(backend: Backend) -> None:
    """A restart neither forgets it nor waits for the lease."""

    async def refused(store: Store) -> None:
        await keep(store, entry("1"), entry("2"))
        (first,) = await claim(store, events=1)
        await store.postpone(first.seq, refusals=3, seconds=3600)

    async def restarted(store: Store) -> None:
        assert [(one.message_id, one.refusals) for one in await claim(store)] == [("1", 3)]

    backend.use(refused)
    backend.use(restarted)


def test_what_stands_behind_an_event_can_be_claimed(backend: Backend) -> None:
    """The next one of the same user that was refused less often."""

    async def scenario(store: Store) -> None:
        await keep(store, entry("1"), entry("2"), entry("bob's", user="bob"), entry("3"))
        (first,) = await claim(store, events=1)
        await store.postpone(first.seq, refusals=8, seconds=60)
        second = await store.claim_behind(first.seq, refusals_below=8, lease=60)
        assert second is not None
        assert second.message_id == "2"
        assert await store.claim_behind(first.seq, refusals_below=8, lease=60) is None
        await store.postpone(second.seq, refusals=8, seconds=0)
        third = await store.claim_behind(first.seq, refusals_below=8, lease=60)
        assert third is not None
        assert third.message_id == "3"
        assert names(await claim(store)) == ["bob's"]

    backend.use(scenario)


def by_user(events: Sequence[NewEvent | ClaimedEvent]) -> dict[str, list[str]]:
    """The messageIds of each user's events, in their order."""
    found: dict[str, list[str]] = defaultdict(list)
    for event in events:
        found[event.user].append(event.message_id)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_lost_repeated_or_reordered(backend: Backend, seed: int) -> None:
    """Whatever is claimed, released, settled and dropped in whatever order."""

    async def scenario(store: Store) -> None:
        model = Model(store, seed)
        await model.act(150)

        for user, message_ids in model.ended.items():
            assert message_ids == model.accepted[user][: len(message_ids)]
        assert (await store.counts()).undelivered == model.undelivered

    backend.use(scenario)
