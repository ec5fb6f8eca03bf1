"""What a store does with its space: it refuses while there is none, says what holds it, and gives it back."""

from __future__ import annotations

import asyncio
import sqlite3
from importlib.resources import files
from pathlib import Path

import pytest

from springhead.gateway.storage import sqlite
from springhead.gateway.storage.records import Receipt, Removal, StoreFull
from springhead.gateway.storage.sqlite import SqliteStore, dedup, space
from springhead.gateway.storage.sqlite.database import open_writer
from springhead.gateway.storage.sqlite.dedup import DAY
from support.disks import fill_disk
from support.stores import FILE, call, deliver, entry, fill, keep, letter, rows, use

RESERVE = 1_500_000


def test_a_disk_that_was_full_accepts_again_once_all_is_delivered(small_disk: Path) -> None:
    """Free pages of the file are room: at once, and after a restart."""

    async def scenario(store: SqliteStore) -> None:
        accepted, _ = await fill(store)
        assert await deliver(store) == accepted
        assert await keep(store, entry("more", size=5_000)) == Receipt(1, (), ())

    async def restarted(store: SqliteStore) -> None:
        assert await keep(store, entry("still more", size=5_000)) == Receipt(1, (), ())

    use(small_disk, scenario, reserve=RESERVE)
    use(small_disk, restarted, reserve=RESERVE)


def test_all_is_delivered_from_a_disk_without_a_byte_left(small_disk: Path) -> None:
    """Whatever else filled it: claims and acknowledgements need no new space, and make room for appends."""

    async def scenario(store: SqliteStore) -> None:
        accepted, _ = await fill(store)
        fill_disk(small_disk)
        assert await deliver(store) == accepted
        assert await keep(store, entry("more", size=5_000)) == Receipt(1, (), ())

    use(small_disk, scenario, reserve=RESERVE)


def test_a_sweep_gives_space_back_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for a few pages, which the next events take."""
    monkeypatch.setattr(space, "SPARE", 500_000)

    async def scenario(store: SqliteStore) -> None:
        for batch in range(10):
            await keep(store, *(entry(f"{batch}/{each}", size=5_000) for each in range(100)))
        await deliver(store)
        before = (await store.counts()).space.free
        await store.sweep()
        assert before > 4_000_000
        assert 0 < (await store.counts()).space.free <= 500_000
        assert await keep(store, entry("more")) == Receipt(1, (), ())

    use(tmp_path, scenario)
    assert (tmp_path / FILE).stat().st_size < 1_000_000
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]


def test_a_file_that_cannot_shrink_is_filled_again(tmp_path: Path) -> None:
    """A store that was made before files could shrink keeps its size, and its free pages are room."""
    connection = sqlite3.connect(tmp_path / FILE)
    connection.executescript(files(sqlite).joinpath("schema.sql").read_text("utf-8"))
    connection.close()

    async def scenario(store: SqliteStore) -> None:
        accepted, _ = await fill(store)
        size = (tmp_path / FILE).stat().st_size
        assert await deliver(store) == accepted
        await store.sweep()
        assert (tmp_path / FILE).stat().st_size >= size
        assert await keep(store, *(entry(f"new {each}", size=5_000) for each in range(100))) == Receipt(
            100, (), ()
        )

    use(tmp_path, scenario, max_bytes=1_500_000)


def test_a_refusal_says_that_events_hold_the_space(tmp_path: Path) -> None:
    """With how much it is, and what to do."""

    async def scenario(store: SqliteStore) -> None:
        await fill(store)
        refusal = await refused(store)
        assert "has reached its limit of 1500000 bytes: it holds 1." in refusal
        assert " MB of undelivered events, " in refusal
        assert refusal.endswith("; wait until its events are delivered, or raise max_bytes")

    use(tmp_path, scenario, max_bytes=1_500_000)


def test_a_refusal_says_that_dead_letters_hold_the_space(tmp_path: Path) -> None:
    """Also those that are kept with the calls they came in."""

    async def scenario(store: SqliteStore) -> None:
        await store.append([], [letter(record=b"x" * 1_000_000)], call(b"x" * 1_000_000))
        refusal = await refused(store)
        assert "it holds 2.0 MB of dead letters and requests, " in refusal
        assert refusal.endswith("; drop its dead letters, or raise max_bytes")

    use(tmp_path, scenario, max_bytes=1_500_000)


def test_a_refusal_says_that_ids_hold_the_space(tmp_path: Path) -> None:
    """Until a sweep has forgotten the oldest of them."""
    remember(tmp_path, per_day=30_000)

    async def scenario(store: SqliteStore) -> None:
        refusal = await refused(store)
        assert "it holds 1.6 MB of ids of accepted events, " in refusal
        assert refusal.endswith("; lower window_days, or raise max_bytes")
        await store.sweep()
        assert await keep(store, entry("more")) == Receipt(1, (), ())

    use(tmp_path, scenario, max_bytes=1_500_000)


def test_a_full_disk_is_named_with_what_the_store_holds(small_disk: Path) -> None:
    """So that an operator sees whether the store or something else filled it."""

    async def scenario(store: SqliteStore) -> None:
        fill_disk(small_disk)
        refusal = await refused(store)
        assert "has fewer than 1500000 bytes to spare: free space on it; the store holds 0." in refusal

    use(small_disk, scenario, reserve=RESERVE)


def test_ids_take_at_most_half_of_the_limit(tmp_path: Path) -> None:
    """The oldest day's go first, however long the window is; younger ones are recognised all the same."""
    today = remember(tmp_path, per_day=20_000)

    async def scenario(store: SqliteStore) -> None:
        assert await store.sweep() == [Removal("", "id", "size", 10_000)]
        days = rows(tmp_path, "SELECT day, digests FROM seen_day ORDER BY day")
        assert days == [(today - 1, 10_000), (today, 20_000)]
        known = [entry(f"{today}/{each}") for each in range(1_000)]
        assert await keep(store, *known) == Receipt(0, tuple(range(1_000)), ())
        assert await store.sweep() == []

    use(tmp_path, scenario, max_bytes=2 * 30_000 * dedup.BYTES, window=300 * DAY)


def test_an_id_takes_what_is_counted_for_it(tmp_path: Path) -> None:
    """In a table of many, filled as appends fill it."""
    connection = open_writer(tmp_path, 1, create=True)
    seen = dedup.Seen(7 * DAY)
    empty = space.pages_of(connection).used
    for batch in range(200):
        connection.execute("BEGIN")
        digests = [dedup.digest("auth0", f"{batch}/{each}") for each in range(1_000)]
        assert seen.among(connection, digests, 10.0**9) == set()
        dedup.remember(connection, digests, 10.0**9)
        connection.execute("COMMIT")
    used = space.pages_of(connection).used - empty
    connection.close()

    assert used / 200_000 == pytest.approx(dedup.BYTES, rel=0.1)


async def refused(store: SqliteStore) -> str:
    """Why the store accepts nothing."""
    await asyncio.sleep(0.03)  # an earlier check is valid for so long
    with pytest.raises(StoreFull) as error:
        await keep(store, entry("refused"))
    return str(error.value)


def remember(folder: Path, per_day: int) -> int:
    """Make a store that remembers ids `DAY/NUMBER` of yesterday and of today, and return the day of today."""
    connection = open_writer(folder, 1, create=True)
    ((today,),) = connection.execute(f"SELECT unixepoch() / {DAY}")
    connection.execute("BEGIN")
    for day in (today - 1, today):
        digests = sorted(dedup.digest("auth0", f"{day}/{each}") for each in range(per_day))
        connection.executemany("INSERT INTO seen VALUES (?, ?)", ((day, each) for each in digests))
    connection.execute("COMMIT")
    connection.close()
    return int(today)
