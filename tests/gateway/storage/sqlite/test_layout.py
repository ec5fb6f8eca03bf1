"""A store of an older layout is taken over in place."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from springhead.gateway.storage.records import Receipt, StoreUnusable
from springhead.gateway.storage.sqlite import SqliteStore
from springhead.gateway.storage.sqlite.database import open_writer
from support.stores import FILE, call, claim, entry, keep, letters, names, opened, rows, use

TABLES = ("source", "event", "body", "recent", "seen", "seen_day", "call", "dead_letter", "sweep")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The folder of a store of layout 3, as the version before wrote it."""
    connection = sqlite3.connect(tmp_path / FILE)
    connection.executescript(Path(__file__).with_name("layout_3.sql").read_text("utf-8"))
    connection.close()
    return tmp_path


def shape(folder: Path) -> list[Any]:
    """The columns of all tables, whatever their order, and the indexes and triggers."""
    columns = [sorted(row[1:] for row in rows(folder, f"PRAGMA table_info({table})")) for table in TABLES]
    return [columns, rows(folder, "SELECT name, sql FROM sqlite_schema WHERE type <> 'table' ORDER BY name")]


def test_a_store_of_layout_3_is_brought_up_to_date(old: Path, tmp_path: Path) -> None:
    """It is then as a new one is; opening it again changes nothing."""
    for _ in range(2):
        open_writer(old, 1, create=False).close()
    open_writer(tmp_path / "new", 1, create=True).close()

    assert rows(old, "PRAGMA user_version") == [(4,)]
    assert shape(old) == shape(tmp_path / "new")


def test_nothing_in_a_store_of_layout_3_is_lost(old: Path) -> None:
    """What waits is delivered, letters keep their calls and times, and what was seen is known."""

    async def scenario(store: SqliteStore) -> None:
        waiting = names(await claim(store))
        found = await letters(store)
        assert waiting == ["waiting 1", "waiting 2"]
        assert [(each.id, each.rule, each.count) for each in found] == [
            (1, "delivery/400", 1),
            (2, "schema/required", 1),
            (3, "schema/required", 1),
            (4, "delivery/400", 1),
        ]
        assert [each.call for each in found] == [None, call(b"[{}, {}]"), call(b"[{}, {}]"), None]
        assert all(each.first_at == each.at for each in found)
        known = [entry(name) for name in ("delivered", "dead", *waiting)]
        assert await keep(store, *known, entry("new")) == Receipt(1, (0, 1, 2, 3), ())

    use(old, scenario)
    kept = rows(old, "SELECT name, undelivered_bytes, kept_bytes FROM source")
    assert kept == [("auth0", 3 * 2, 230 + 2 * 218 + 87 + 81), ("slack", 0, 230)]


def test_a_dead_event_of_layout_3_is_accepted_again_once_it_is_dropped(old: Path) -> None:
    """Its digest is found by the time of its event, wherever it was."""

    async def scenario(store: SqliteStore) -> None:
        dead = [entry("dead"), entry("dead in a row", "bob", "slack")]
        assert await keep(store, *dead) == Receipt(0, (0, 1), ())
        await store.drop([1, 4])
        assert await keep(store, *dead) == Receipt(2, (), ())

    use(old, scenario)


def test_a_store_of_layout_3_is_not_swept_by_age_at_once(old: Path) -> None:
    """When it was swept last is not known, so the clock has to prove itself."""

    async def scenario(store: SqliteStore) -> None:
        assert await store.sweep() == []

    use(old, scenario, dead_letter_age=1.0)


def test_processes_may_bring_a_store_up_to_date_together(old: Path) -> None:
    """One does, and the other finds it done."""

    async def scenario(store: SqliteStore) -> None:
        async with opened(old) as other:
            assert await other.counts() == await store.counts()

    use(old, scenario)


def test_an_upgrade_that_fails_leaves_the_file_as_it_was(old: Path) -> None:
    """All of it is one transaction."""
    connection = sqlite3.connect(old / FILE)
    connection.execute("DROP TRIGGER call_out")  # the upgrade drops it late
    connection.close()
    before = rows(old, "SELECT name, sql FROM sqlite_schema ORDER BY name")

    with pytest.raises((StoreUnusable, sqlite3.Error)):
        open_writer(old, 1, create=False)

    assert rows(old, "PRAGMA user_version") == [(3,)]
    assert rows(old, "SELECT name, sql FROM sqlite_schema ORDER BY name") == before
