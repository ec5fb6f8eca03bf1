"""How SQLite keeps what is appended."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import time
from pathlib import Path

import pytest

from springhead.gateway.storage.records import (
    NewDeadLetter,
    NewEvent,
    Receipt,
)
from springhead.gateway.storage.sqlite import SqliteStore, dedup
from support.stores import (
    FILE,
    call,
    claim,
    entry,
    keep,
    names,
    opened,
    rows,
    use,
)


def test_files_are_the_owners_alone(tmp_path: Path) -> None:
    """What senders sent is nobody else's: the folder is 0700, files are 0600."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
        assert modes == dict.fromkeys((FILE, f"{FILE}-wal", f"{FILE}-shm"), 0o600)

    use(tmp_path / "data", scenario)

    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert [path.name for path in (tmp_path / "data").iterdir()] == [FILE]


def test_appends_in_flight_share_commits(tmp_path: Path) -> None:
    """Two hundred senders cost a few fsyncs."""

    async def scenario(store: SqliteStore) -> None:
        receipts = await asyncio.gather(*(keep(store, entry(f"{each}")) for each in range(200)))

        assert receipts == [Receipt(1, (), ())] * 200
        assert store.commits <= 10

    use(tmp_path, scenario)


def test_what_was_accepted_moves_on_and_is_known_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it is: in memory, in the small table or in the large one, of this process or of another."""
    monkeypatch.setattr(dedup, "MAX_RECENT", 10)

    async def scenario(one: SqliteStore) -> None:
        async with opened(tmp_path) as other:
            for number in range(50):
                mine, theirs = entry(f"mine {number}"), entry(f"theirs {number}")
                assert await keep(one, mine) == await keep(other, theirs) == Receipt(1, (), ())
                known = [entry(f"{whose} {each}") for each in range(number + 1) for whose in ("mine", "theirs")]
                assert (
                    await keep(one, *known)
                    == await keep(other, *known)
                    == Receipt(0, tuple(range(len(known))), ())
                )

    use(tmp_path, scenario)
    (counts,) = rows(tmp_path, "SELECT (SELECT count(*) FROM recent) < 20, (SELECT count(*) FROM seen) >= 80")
    assert counts == (1, 1)


def test_a_clock_that_begins_at_1970_costs_no_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The window then begins before time does."""
    monkeypatch.setattr(time, "time", lambda: 100.0)

    async def scenario(store: SqliteStore) -> None:
        assert await keep(store, entry("1")) == Receipt(1, (), ())
        assert await keep(store, entry("1"), entry("2")) == Receipt(1, (0,), ())

    use(tmp_path, scenario)


def test_what_was_not_committed_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An append that is undone, and the move with it, leaves nothing in memory that would cost an event."""
    monkeypatch.setattr(dedup, "MAX_RECENT", 10)
    broken = NewEvent("auth0", "broken", "ada", "{}")  # type: ignore[arg-type] # no bytes

    async def scenario(store: SqliteStore) -> None:
        for number in range(50):
            kept, lost = entry(f"kept {number}"), entry(f"lost {number}")
            assert await keep(store, kept) == Receipt(1, (), ())
            with pytest.raises(sqlite3.IntegrityError):
                await keep(store, lost, broken)
            assert await keep(store, kept, lost) == Receipt(1, (0,), ())

    use(tmp_path, scenario)


def test_one_bad_append_costs_its_neighbours_nothing(tmp_path: Path) -> None:
    """Of appends that wait together, the one that cannot be written is undone alone, and whole."""
    no_bytes = NewEvent("auth0", "text", "ada", "{}")  # type: ignore[arg-type]
    no_text = NewEvent("auth0", "surrogate", "\ud800", b"{}")
    no_rule = NewDeadLetter("auth0", None, "why")  # type: ignore[arg-type]

    async def scenario(store: SqliteStore) -> None:
        receipts = await asyncio.gather(
            keep(store, entry("1")),
            keep(store, entry("2"), no_bytes),
            keep(store, entry("3"), no_text),
            store.append([entry("4")], [no_rule], call()),
            keep(store, entry("5")),
            return_exceptions=True,
        )

        kinds = [type(each) for each in receipts]
        assert kinds == [Receipt, sqlite3.IntegrityError, UnicodeEncodeError, sqlite3.IntegrityError, Receipt]
        assert await keep(store, entry("2"), entry("3"), entry("4")) == Receipt(3, (), ())
        assert names(await claim(store)) == ["1", "5", "2", "3", "4"]

    use(tmp_path, scenario)
    assert rows(tmp_path, "SELECT count(*) FROM call") == [(0,)]


def test_two_stores_of_one_process_share_a_file(tmp_path: Path) -> None:
    """Either sees what the other wrote."""

    async def scenario() -> None:
        async with opened(tmp_path) as one, opened(tmp_path) as two:
            await asyncio.gather(*(keep(store, entry(f"{id(store)}")) for store in (one, two)))
            assert (await one.counts()).undelivered == 2
            assert len(await claim(two)) == 2
            assert await claim(one) == []

    asyncio.run(scenario())
