"""How SQLite keeps dead letters, and what it remembers of their events."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from springhead.gateway.storage.records import (
    NewEvent,
    Receipt,
)
from springhead.gateway.storage.sqlite import SqliteStore, dead_letters, dedup
from support.stores import (
    FILE,
    call,
    claim,
    dead_event,
    entry,
    keep,
    letter,
    letters,
    opened,
    rows,
    use,
)


def test_a_call_is_kept_as_long_as_its_letters(tmp_path: Path) -> None:
    """Letters of a batch share their call, and the last one takes it along; without letters there is none."""

    async def scenario(store: SqliteStore) -> None:
        await store.append([entry("1")], [], call())
        assert rows(tmp_path, "SELECT count(*) FROM call") == [(0,)]
        one, two = (await store.append([], [letter(), letter("unmatched")], call())).dead_letters
        assert await store.drop([one, one, 99]) == 1
        assert rows(tmp_path, "SELECT count(*) FROM call") == [(1,)]
        assert await store.drop([]) == 0
        assert await store.drop([two]) == 1
        assert rows(tmp_path, "SELECT count(*), (SELECT sum(kept_bytes) FROM source) FROM call") == [(0, 0)]

    use(tmp_path, scenario)


def test_a_list_of_dead_letters_costs_what_it_shows(tmp_path: Path) -> None:
    """By source, rule or neither: it is neither sorted nor read to its end, and no record is loaded."""
    of_auth0, of_a_rule = "letter.source = (SELECT id FROM source WHERE name = ?)", "rule = ?"
    steps = []
    for others in (100, 5_000):
        folder = tmp_path / str(others)
        kept = [letter(record=b"%05d" % each * 2_000) for each in range(20)]
        kept += [letter(record=b"%d" % each) for each in range(others)]
        use(folder, lambda store, kept=kept: store.append([], kept, None))  # type: ignore[misc]
        connection = sqlite3.connect(folder / FILE)
        counted: list[int] = []
        connection.set_progress_handler(lambda to=counted: to.append(1), 1)  # type: ignore[misc]
        for condition, value in ((of_auth0, "auth0"), (of_a_rule, kept[0].rule), ("letter.id > ?", 0)):
            found = dead_letters.summaries(
                connection, {condition: value, "letter.id < ?": 99_999}, newest=False, limit=20
            )
            assert [each.bytes for each in found] == [10_000] * 20
        connection.close()
        steps.append(len(counted))

    assert steps[1] == pytest.approx(steps[0], rel=0.1)


def test_an_event_is_accepted_again_wherever_its_digest_has_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the large table as in the small one."""
    monkeypatch.setattr(dedup, "MAX_RECENT", 10)

    async def scenario(store: SqliteStore) -> None:
        async with opened(tmp_path) as other:
            await keep(store, entry("1"))
            await store.acknowledge([], [dead_event(each) for each in await claim(store)])
            for number in range(30):
                await keep(other if number % 2 else store, entry(f"other {number}", source="slack"))
            assert rows(tmp_path, "SELECT count(*) > 10 FROM seen") == [(1,)]
            await store.drop([1])
            assert await keep(other, entry("1"), entry("other 0", source="slack")) == Receipt(1, (1,), ())
            assert await keep(store, entry("1")) == Receipt(0, (0,), ())

    use(tmp_path, scenario)


def test_a_replay_that_fails_changes_nothing(tmp_path: Path) -> None:
    """The letter stays, and its event stays a duplicate."""
    broken = NewEvent("auth0", "broken", "ada", "{}")  # type: ignore[arg-type] # no bytes

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1"))
        await store.acknowledge([], [dead_event(each) for each in await claim(store)])
        with pytest.raises(sqlite3.IntegrityError):
            await store.append([entry("1"), broken], [], None, replacing={1: 1})
        assert [each.id for each in await store.dead_letters()] == [1]
        assert await keep(store, entry("1")) == Receipt(0, (0,), ())

    use(tmp_path, scenario)


def test_a_letter_that_is_dropped_forgets_no_later_event_of_its_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accepted again after the window, an event stays known when the old letter goes."""
    now = time.time()

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1"))
        await store.acknowledge([], [dead_event(each) for each in await claim(store)])
        monkeypatch.setattr(time, "time", lambda: now + 31)
        assert await keep(store, entry("1")) == Receipt(1, (), ())
        await store.drop([1])
        assert await keep(store, entry("1")) == Receipt(0, (0,), ())

    use(tmp_path, scenario, window=30.0)


def test_letters_that_are_alike_keep_their_first_call_alone(tmp_path: Path) -> None:
    """However often they come again."""

    async def scenario(store: SqliteStore) -> None:
        for body in (b"first", b"second"):
            await store.append([], [letter()], call(body))
        assert [each.call for each in await letters(store)] == [call(b"first")]

    use(tmp_path, scenario)
    assert rows(tmp_path, "SELECT count(*) FROM call") == [(1,)]


def test_a_call_that_is_always_kept_outlives_its_letters(tmp_path: Path) -> None:
    """Until it is too old."""

    async def scenario(store: SqliteStore) -> None:
        (id_,) = (await store.append([], [letter()], call())).dead_letters
        await store.drop([id_])

    use(tmp_path, scenario, keep_calls=True)
    assert rows(tmp_path, "SELECT count(*) FROM call") == [(1,)]


def test_a_letter_keeps_its_id_when_it_comes_again(tmp_path: Path) -> None:
    """So does its place in a list."""

    async def scenario(store: SqliteStore) -> None:
        await store.append([], [letter(), letter(record=b"[]")], None)
        assert (await store.append([], [letter()], None)).dead_letters == (1,)
        assert [(each.id, each.count) for each in await store.dead_letters()] == [(1, 2), (2, 1)]

    use(tmp_path, scenario)


def test_an_event_that_was_dropped_is_accepted_again_in_any_process(tmp_path: Path) -> None:
    """Whichever accepted it, and whichever dropped it."""

    async def scenario(store: SqliteStore) -> None:
        async with opened(tmp_path) as other:
            await keep(store, entry("1"), entry("2"))
            await store.acknowledge([], [dead_event(each) for each in await claim(store)])
            assert await keep(other, entry("1"), entry("2")) == Receipt(0, (0, 1), ())
            await store.drop([1])
            assert await keep(other, entry("1"), entry("2")) == Receipt(1, (1,), ())
            assert await keep(store, entry("1"), entry("2")) == Receipt(0, (0, 1), ())

    use(tmp_path, scenario)
