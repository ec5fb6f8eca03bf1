"""A move takes what waits and what is dead to another store, whatever interrupts it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from springhead.gateway.move import Moved, SameStore, move
from springhead.gateway.storage.records import DeadLetter, NewEvent, StoreBusy, StoreFull
from springhead.gateway.storage.store import Store
from support.stores import (
    Backend,
    NatsBackend,
    SqliteBackend,
    call,
    claim,
    dead_event,
    deliver,
    entry,
    keep,
    letter,
    letters,
    names,
)


class Pair(NamedTuple):
    """The store that is moved, and the one that it is moved to."""

    source: Backend
    target: Backend

    @asynccontextmanager
    async def opened(self, **of_target: Any) -> AsyncIterator[tuple[Store, Store]]:
        """Open both."""
        async with self.source.opened() as source, self.target.opened(**of_target) as target:
            yield source, target

    def use(self, scenario: Callable[[Store, Store], Awaitable[None]], **of_target: Any) -> None:
        """Run a scenario with both."""

        async def run() -> None:
            async with self.opened(**of_target) as stores:
                await scenario(*stores)

        asyncio.run(run())


@pytest.fixture(params=["sqlite to nats", "nats to sqlite", "sqlite to sqlite"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    """Two empty stores of these kinds."""
    places = [tmp_path / "source", tmp_path / "target"]
    kinds = request.param.split(" to ")
    return Pair(*(backend(kind, folder, request) for kind, folder in zip(kinds, places, strict=True)))


def backend(kind: str, folder: Path, request: pytest.FixtureRequest) -> Backend:
    """A place for a store of this kind."""
    if kind == "sqlite":
        return SqliteBackend(folder)
    servers = tuple(node.url for node in request.getfixturevalue("nodes"))
    return NatsBackend(servers, f"test-{uuid.uuid4().hex}", folder)


def of_users(count: int, size: int = 2) -> list[NewEvent]:
    """Events of seven users, in their order: `ada-0`, `ada-7`, ..."""
    return [entry(f"{number}", f"user-{number % 7}", size=size) for number in range(count)]


def in_order(message_ids: list[str]) -> bool:
    """Whether the events of each user are in order."""
    numbers = list(map(int, message_ids))
    return all(own == sorted(own) for own in ([one for one in numbers if one % 7 == user] for user in range(7)))


def without_id(kept: DeadLetter) -> DeadLetter:
    """A dead letter as any store has it."""
    return msgspec.structs.replace(kept, id=0, request_values=b"")


def test_what_waits_is_moved_in_order(pair: Pair) -> None:
    """All of it, of every source; the store that it came from is empty."""

    async def scenario(source: Store, target: Store) -> None:
        await keep(source, *of_users(1_200))
        await keep(source, entry("other", source="slack"))

        moved = await move(source, target)

        delivered = await deliver(target)
        assert moved == Moved(events=1_201)
        assert sorted(map(int, delivered)) == list(range(1_200))
        assert in_order(delivered)
        assert names(await claim(target, source="slack")) == ["other"]
        assert (await source.counts()).undelivered == 0

    pair.use(scenario)


def test_what_is_dead_is_moved_with_its_count_its_times_and_its_call(pair: Pair) -> None:
    """A letter is the same in the other store, but for its id."""

    async def scenario(source: Store, target: Store) -> None:
        for _ in range(3):
            await source.append([], [letter(), letter("schema/type")], call(b'[{"a": 1}]'))
        await keep(source, entry("refused"))
        (claimed,) = await claim(source)
        await source.acknowledge([], [dead_event(claimed)])
        before = await letters(source)

        moved = await move(source, target)

        assert moved == Moved(dead_letters=3)
        assert [without_id(one) for one in await letters(target)] == [without_id(one) for one in before]
        assert sorted(one.count for one in before) == [1, 3, 3]
        assert await letters(source) == []

    pair.use(scenario)


def test_a_dead_event_that_was_moved_can_be_replayed(pair: Pair) -> None:
    """The other store takes it as new."""

    async def scenario(source: Store, target: Store) -> None:
        await keep(source, entry("1"))
        while not (claimed := await claim(source)):  # noqa: ASYNC110 - a bucket may be nobody's for a moment
            await asyncio.sleep(0.1)
        await source.acknowledge([], [dead_event(claimed[0])])
        await move(source, target)
        (kept,) = await letters(target)

        receipt = await target.append([entry("1")], [], None, replacing={kept.id: 1})

        assert receipt.stored == 1
        assert names(await claim(target)) == ["1"]
        assert await letters(target) == []

    pair.use(scenario)


def test_what_was_refused_alone_is_moved_before_what_waits_behind_it(pair: Pair) -> None:
    """The user's order is kept, and the next try is due at once."""

    async def scenario() -> None:
        async with pair.source.opened() as source:
            await keep(source, *(entry(f"{number}") for number in range(4)))
            first, *_ = await claim(source)
            await source.postpone(first.seq, refusals=3, seconds=3_600)
        async with pair.opened() as (source, target):
            await move(source, target)
            assert await deliver(target) == ["0", "1", "2", "3"]

    asyncio.run(scenario())


def test_a_move_there_and_back_and_there_again_loses_nothing(pair: Pair) -> None:
    """A store accepts again what was moved away from it."""

    async def scenario(source: Store, target: Store) -> None:
        await keep(source, *of_users(20))
        await source.append([], [letter()], call())

        for one, other in ((source, target), (target, source), (source, target)):
            assert await move(one, other) == Moved(events=20, dead_letters=1)

        assert sorted(map(int, await deliver(target))) == list(range(20))

    pair.use(scenario)


def test_a_move_that_was_interrupted_goes_on(pair: Pair) -> None:
    """What the target has already is not there twice: not even what was delivered from it meanwhile."""

    async def scenario(source: Store, target: Store) -> None:
        await keep(source, *of_users(40))
        await source.append([], [letter("schema/1")], call())
        await source.append([], [letter("schema/2")], call())
        before = [without_id(one) for one in await letters(source)]
        await interrupted_move(source, target)
        delivered = await deliver(target)

        moved = await move(source, target)

        delivered += await deliver(target)
        assert (moved.events, moved.duplicates) == (0, 40)
        assert sorted(map(int, delivered)) == list(range(40))
        assert [without_id(one) for one in await letters(target)] == before

    pair.use(scenario)


async def interrupted_move(source: Store, target: Store) -> None:
    """Keep everything in the target, and have the source forget nothing, as the worst crash does."""
    claimed = await claim(source)
    with pytest.raises(ConnectionError):
        await move(Forgetful(source), target)
    await source.release([one.seq for one in claimed])
    await target.append(
        [NewEvent(one.source, one.message_id, one.user, one.event) for one in claimed], (), None
    )


class Forgetful:
    """A store that fails when it is told to drop what was moved: the process ended before that."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def counts(self) -> Any:
        """Nothing waits: only dead letters are moved."""
        return msgspec.structs.replace(await self._store.counts(), undelivered=0)

    async def drop(self, ids: Sequence[int]) -> int:
        """Fail."""
        raise ConnectionError(ids)


def test_a_full_target_keeps_what_it_has_and_the_rest_waits(pair: Pair) -> None:
    """Once there is room, the same move goes on: everything arrives once."""

    async def scenario() -> None:
        async with pair.opened(max_bytes=1_000_000) as (source, target):
            for start in range(0, 1_400, 100):
                await keep(source, *of_users(1_400, size=2_000)[start : start + 100])
            with pytest.raises(StoreFull):
                await move(source, target)
            left = (await source.counts()).undelivered
            delivered = await deliver(target)
            assert 0 < left <= 1_400
        while left:
            async with pair.opened(max_bytes=1_000_000) as (source, target):
                with suppress(StoreFull):
                    await move(source, target)
                left = (await source.counts()).undelivered
                delivered += await deliver(target)
        assert sorted(map(int, delivered)) == list(range(1_400))

    asyncio.run(scenario())


def test_a_store_that_is_delivered_from_cannot_be_moved(pair: Pair) -> None:
    """Whoever asks to be alone with it is refused while another process claims."""

    async def scenario() -> None:
        async with pair.source.opened() as store:
            await claim(store)
            with pytest.raises(StoreBusy, match="stop"):
                await open_alone(pair.source)
        await open_alone(pair.source)

    asyncio.run(scenario())


def test_a_store_is_not_moved_to_itself(pair: Pair) -> None:
    """However it is addressed: it would be emptied."""

    async def scenario() -> None:
        async with pair.source.opened() as source, pair.source.opened() as same:
            await keep(source, entry("1"))
            with pytest.raises(SameStore):
                await move(source, same)
            assert (await source.counts()).undelivered == 1

    asyncio.run(scenario())


async def open_alone(place: Backend) -> None:
    """Open a store as a move does, and close it."""
    async with place.opened(alone=True):
        pass
