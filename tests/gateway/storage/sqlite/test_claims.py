"""How SQLite leases events, and what that costs."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from springhead.gateway.storage.records import (
    NewEvent,
)
from springhead.gateway.storage.sqlite import SqliteStore, queue
from springhead.gateway.storage.sqlite.append import Append, append
from springhead.gateway.storage.sqlite.clock import Clock
from springhead.gateway.storage.sqlite.counts import counts as count
from springhead.gateway.storage.sqlite.database import open_writer
from springhead.gateway.storage.sqlite.dedup import Seen
from springhead.gateway.storage.sqlite.files import StoreFiles
from support.store_model import Model
from support.stores import (
    FILE,
    claim,
    entry,
    keep,
    names,
    opened,
    rows,
    use,
)


def test_a_claim_is_in_the_order_of_acceptance(tmp_path: Path) -> None:
    """Whatever the users."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, *(entry(f"{each}", f"{each % 9}") for each in range(20)))
        assert names(await claim(store)) == [f"{each}" for each in range(20)]

    use(tmp_path, scenario)


def test_a_lease_ends_by_itself(tmp_path: Path) -> None:
    """While who claimed first is there, its leases hold for others, until they end."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1"))
        await claim(store, lease=0.2)
        async with opened(tmp_path) as other:
            assert await claim(other) == []
            await asyncio.sleep(0.25)
            assert names(await claim(other)) == ["1"]

    use(tmp_path, scenario)


def test_a_claim_takes_few_events_that_were_refused(tmp_path: Path) -> None:
    """Each of them is sent alone; the one that has waited longest comes first."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, *(entry(f"{number}", user=f"{number}") for number in range(50)))
        for event in reversed(await claim(store)):
            await store.postpone(event.seq, refusals=1, seconds=0)
        await keep(store, entry("fresh", user="fresh"))
        first, second = await claim(store), await claim(store)
        assert [len(first), len(second)] == [21, 20]
        assert names(first)[-1] == "fresh"
        assert set(names(first)).isdisjoint(names(second))

    use(tmp_path, scenario)


def test_a_claim_gives_up_where_too_much_is_leased(tmp_path: Path) -> None:
    """A long backlog behind a user's leased event is not walked to its end at every claim."""
    everything = queue.buckets_of(0, 1)
    connection = filled(tmp_path, [entry(f"{each}") for each in range(11_000)] + [entry("last", "bob")])

    (first,) = queue.claim(connection, "auth0", everything, 1, 10_000, 60)
    assert queue.claim(connection, "auth0", everything, 1, 10_000, 60) == []
    queue.release(connection, [first.seq])
    assert len(queue.claim(connection, "auth0", everything, 1, 10_000, 60)) == 1
    connection.close()


def test_a_claim_and_counts_cost_the_same_whatever_is_kept(tmp_path: Path) -> None:
    """Neither walks over what it does not take: SQLite's own steps are counted."""
    lane = queue.buckets_of(queue.bucket_of("auth0", "ada"), queue.BUCKETS)
    steps = []
    for others in (100, 20_000):
        folder = tmp_path / str(others)
        connection = filled(
            folder, [entry(f"{each}", "bob") for each in range(others)] + [entry("mine")] * others
        )
        counted: list[int] = []
        connection.set_progress_handler(lambda to=counted: to.append(1), 1)  # type: ignore[misc]
        assert len(queue.claim(connection, "auth0", lane, 100, 10_000, 60)) == 1
        counts = count(connection, StoreFiles(folder / FILE))
        assert (counts.undelivered, counts.oldest_by_source) == (others + 1, {"auth0": counts.oldest})
        connection.close()
        steps.append(len(counted))

    assert steps[1] == pytest.approx(steps[0], rel=0.1)


def filled(folder: Path, entries: list[NewEvent]) -> sqlite3.Connection:
    """The connection that writes, of a store with these events."""
    connection = open_writer(folder, 1, create=True)
    connection.execute("BEGIN")
    append(connection, [Append(entries, [], None, {})], Seen(60), Clock(None), keep_calls=False)
    connection.execute("COMMIT")
    return connection


@pytest.mark.parametrize("seed", range(5))
def test_counters_agree_with_rows(tmp_path: Path, seed: int) -> None:
    """Whatever is claimed, released, settled and dropped in whatever order."""

    async def scenario(store: SqliteStore) -> None:
        model = Model(store, seed)
        await model.act(150)

        assert rows(tmp_path, "SELECT count(*) FROM event JOIN body USING (seq)") == [(model.undelivered,)]
        assert rows(tmp_path, "SELECT count(*) FROM body") == [(model.undelivered,)]
        assert rows(tmp_path, "SELECT count(*) FROM dead_letter") == [((await store.counts()).dead_letters,)]

    use(tmp_path, scenario)
