"""Rejections that are alike are one dead letter, and what is no longer kept is not a duplicate."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

import msgspec
import pytest

from springhead.gateway.storage.records import LetterGone, NewDeadLetter, NewEvent, Receipt
from springhead.gateway.storage.sqlite import SqliteStore, dedup
from support.stores import call, claim, dead_event, entry, keep, letter, letters, names, opened, rows, use


def test_rejections_that_are_alike_are_one_letter(tmp_path: Path) -> None:
    """Within a call and across calls, with its first and its last time, and the first call alone."""

    async def scenario(store: SqliteStore) -> None:
        first = await store.append([], [letter(), letter(record=b"[]"), letter()], call(b"first"))
        assert first.dead_letters == (1, 2)
        await asyncio.sleep(0.01)
        assert (await store.append([], [letter()], call(b"second"))).dead_letters == (1,)

        one, two = await letters(store)
        assert [(each.record, each.count) for each in (one, two)] == [(b"{}", 3), (b"[]", 1)]
        assert one.at > one.first_at == two.first_at == two.at
        assert one.call == call(b"first")
        assert (await store.counts()).by_source == {"auth0": (0, 2)}
        assert [(each.count, each.first_at) for each in await store.dead_letters()] == [
            (3, one.first_at),
            (1, two.at),
        ]

    use(tmp_path, scenario)
    assert rows(tmp_path, "SELECT count(*) FROM call") == [(1,)]


@pytest.mark.parametrize(
    "other",
    [
        {"source": "slack"},
        {"rule": "unmatched"},
        {"record": b"{ }"},
        {"decodable": False},
        {"request_values": b'["delivery 2"]'},
    ],
    ids=str,
)
def test_rejections_that_differ_stay_apart(tmp_path: Path, other: dict[str, object]) -> None:
    """By source, by rule, by a byte of the record, or by what is read of their requests."""

    async def scenario(store: SqliteStore) -> None:
        await store.append([], [letter(), msgspec.structs.replace(letter(), **other)], None)
        await store.append([], [letter(), msgspec.structs.replace(letter(), **other)], None)
        assert [each.count for each in await store.dead_letters()] == [2, 2]

    use(tmp_path, scenario)


def test_the_place_in_a_body_does_not_tell_rejections_apart(tmp_path: Path) -> None:
    """The letter says where it stood first."""
    moved = msgspec.structs.replace(letter(), pointer="/7", line=9)

    async def scenario(store: SqliteStore) -> None:
        await store.append([], [letter(), moved], None)
        (one,) = await store.dead_letters()
        assert (one.count, one.pointer, one.line) == (2, "/0", 3)

    use(tmp_path, scenario)


def test_events_that_are_refused_are_never_merged(tmp_path: Path) -> None:
    """Each is a letter of its own, whether it was delivered in vain or appended as one."""
    event = NewDeadLetter("auth0", "delivery/400", "why", event=b"{}")

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1"), entry("2"))
        await store.acknowledge([], [dead_event(each) for each in await claim(store)])
        await store.append([], [event, event], None)
        assert [each.count for each in await store.dead_letters()] == [1, 1, 1, 1]

    use(tmp_path, scenario)


def test_a_letter_that_comes_again_during_its_replay_stays(tmp_path: Path) -> None:
    """Only what was replayed is taken away."""

    async def scenario(store: SqliteStore) -> None:
        await store.append([], [letter()] * 2, None)
        await store.append([], [letter()], None)
        await store.append([entry("1"), entry("2")], [], None, replacing={1: 2})
        assert [each.count for each in await store.dead_letters()] == [1]
        await store.append([entry("3")], [], None, replacing={1: 1})
        assert await store.dead_letters() == []
        assert names(await claim(store)) == ["1", "2", "3"]

    use(tmp_path, scenario)


def test_of_two_replays_of_a_letter_one_is_stored(tmp_path: Path) -> None:
    """Even if they are committed together, and others with them; nor is one stored that was dropped."""

    async def scenario(store: SqliteStore) -> None:
        await store.append([], [letter()] * 2, None)
        await store.append([], [letter(record=b"[]")], None)
        await store.drop([2])
        appends = [
            store.append([entry("1")], [], None, replacing={1: 2}),
            store.append([entry("2")], [], None, replacing={1: 1}),
            store.append([entry("3")], [], None, replacing={2: 1}),
            keep(store, entry("4")),
        ]
        results = await asyncio.gather(*appends, return_exceptions=True)
        assert [type(result) for result in results] == [Receipt, LetterGone, LetterGone, Receipt]
        assert names(await claim(store)) == ["1", "4"]

    use(tmp_path, scenario)


def test_an_event_that_was_dropped_is_accepted_again(tmp_path: Path) -> None:
    """While its letter is kept a retry is a duplicate; dropped by an operator it is not, in any process."""

    async def scenario(store: SqliteStore) -> None:
        async with opened(tmp_path) as other:
            await keep(store, entry("1"), entry("2"))
            await store.acknowledge([], [dead_event(each) for each in await claim(store)])
            one, _ = await store.dead_letters()
            assert await keep(other, entry("1"), entry("2")) == Receipt(0, (0, 1), ())
            await store.drop([one.id])
            assert await keep(other, entry("1"), entry("2")) == Receipt(1, (1,), ())
            assert await keep(store, entry("1"), entry("2")) == Receipt(0, (0, 1), ())

    use(tmp_path, scenario)


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


@pytest.mark.parametrize("limits", [{"dead_letter_age": 0.0}, {"dead_letter_bytes": 0}], ids=str)
def test_an_event_that_retention_deleted_is_accepted_again(tmp_path: Path, limits: dict[str, float]) -> None:
    """By age or by size, what was never delivered and is not kept is not a duplicate."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1"))
        await store.acknowledge([], [dead_event(each) for each in await claim(store)])
        await store.sweep()
        assert await keep(store, entry("1")) == Receipt(1, (), ())

    use(tmp_path, scenario, **limits)


def test_an_event_that_was_replayed_is_a_duplicate(tmp_path: Path) -> None:
    """Its letter is gone because it is on its way again; if it dies again and is dropped, it is forgotten."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1"))
        await store.acknowledge([], [dead_event(each) for each in await claim(store)])
        assert await store.append([entry("1")], [], None, replacing={1: 1}) == Receipt(1, (), ())
        assert await keep(store, entry("1")) == Receipt(0, (0,), ())
        await store.acknowledge([], [dead_event(each) for each in await claim(store)])
        assert await keep(store, entry("1")) == Receipt(0, (0,), ())
        await store.drop([2])
        assert await keep(store, entry("1")) == Receipt(1, (), ())

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
