"""What any store promises of dead letters."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
import pytest

from springhead.gateway.storage.records import (
    LetterGone,
    NewDeadLetter,
    Receipt,
    Removal,
)
from springhead.gateway.storage.store import Store
from support.stores import (
    Backend,
    call,
    claim,
    dead_event,
    entry,
    keep,
    letter,
    letters,
    names,
)


def test_a_dead_letter_comes_out_whole_with_its_call(backend: Backend) -> None:
    """Record, reason and the call as they were, whatever bytes they are."""
    sent = NewDeadLetter("auth0", "json/syntax", "not JSON", "/1", None, b"\xff\0", False, b'{"a": 1}')

    async def scenario(store: Store) -> None:
        (id_,) = (await store.append([], [sent], call(b"\xff\0"))).dead_letters
        got = await store.dead_letter(id_)

        assert got is not None
        assert NewDeadLetter(*(getattr(got, name) for name in NewDeadLetter.__struct_fields__)) == sent
        assert got.call == call(b"\xff\0")
        assert await store.dead_letters() == [got.summary]
        assert (got.summary.holds, got.summary.bytes) == ("event", 8)
        assert await store.dead_letter(id_ + 1) is None

    backend.use(scenario)


def test_dead_letters_are_found_by_source_rule_and_age(backend: Backend) -> None:
    """Filters hold together, and pages go on after the last id, in either order."""

    async def scenario(store: Store) -> None:
        one, two = (await store.append([], [letter(), letter("unmatched")], None)).dead_letters
        of_slack = [letter(source="slack"), letter("unmatched", "slack")]
        three, four = (await store.append([], of_slack, None)).dead_letters
        await asyncio.sleep(0.1)
        between = time.time()
        await asyncio.sleep(0.1)
        (five,) = (await store.append([], [letter(record=b"[]")], None)).dead_letters

        async def ids(**filters: Any) -> list[int]:
            return [summary.id for summary in await store.dead_letters(**filters)]

        assert await ids() == [one, two, three, four, five]
        assert await ids(source="auth0") == [one, two, five]
        assert await ids(source="auth0", rule="schema/required", younger_than=time.time() - between) == [five]
        assert await ids(rule="unmatched", older_than=time.time() - between) == [two, four]
        assert await ids(after=two, limit=2) == [three, four]
        assert await ids(newest=True) == [five, four, three, two, one]
        assert await ids(newest=True, after=four, limit=2) == [three, two]
        assert await ids(newest=True, after=four, source="auth0") == [two, one]
        assert await ids(source="nobody") == []

    backend.use(scenario)


def test_a_replay_takes_the_place_of_its_letters(backend: Backend) -> None:
    """A dead event is stored again although its messageId was seen; one only sent again is a duplicate."""

    async def scenario(store: Store) -> None:
        await keep(store, entry("1"), entry("2"))
        claimed = await claim(store)
        await store.acknowledge([], [dead_event(each) for each in claimed])
        one, two = await store.dead_letters()
        assert await keep(store, entry("1")) == Receipt(0, (0,), ())
        replayed = await store.append([entry("1"), entry("2")], [letter()], None, replacing={one.id: 1})
        assert (replayed.stored, replayed.duplicates) == (1, (1,))
        assert [each.id for each in await store.dead_letters()] == [two.id, *replayed.dead_letters]
        assert names(await claim(store)) == ["1"]
        with pytest.raises(LetterGone):
            await store.append([entry("1")], [], None, replacing={one.id: 1})

    backend.use(scenario)


def test_rejections_that_are_alike_are_one_letter(backend: Backend) -> None:
    """Within a call and across calls, with its first and its last time, and the first call alone."""

    async def scenario(store: Store) -> None:
        await store.append([], [letter(), letter(record=b"[]"), letter()], call(b"first"))
        await asyncio.sleep(0.01)
        (again,) = (await store.append([], [letter()], call(b"second"))).dead_letters

        found = {each.record: each for each in await letters(store)}
        three, one = found[b"{}"], found[b"[]"]
        assert (three.id, three.count, one.count) == (again, 3, 1)
        assert three.at > three.first_at
        assert one.at < three.at
        assert three.call == call(b"first")
        assert (await store.counts()).by_source == {"auth0": (0, 2)}
        assert {each.id: each.count for each in await store.dead_letters()} == {three.id: 3, one.id: 1}

    backend.use(scenario)


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
def test_rejections_that_differ_stay_apart(backend: Backend, other: dict[str, object]) -> None:
    """By source, by rule, by a byte of the record, or by what is read of their requests."""

    async def scenario(store: Store) -> None:
        await store.append([], [letter(), msgspec.structs.replace(letter(), **other)], None)
        await store.append([], [letter(), msgspec.structs.replace(letter(), **other)], None)
        assert [each.count for each in await store.dead_letters()] == [2, 2]

    backend.use(scenario)


def test_the_place_in_a_body_does_not_tell_rejections_apart(backend: Backend) -> None:
    """The letter says where it stood first."""
    moved = msgspec.structs.replace(letter(), pointer="/7", line=9)

    async def scenario(store: Store) -> None:
        await store.append([], [letter(), moved], None)
        (one,) = await store.dead_letters()
        assert (one.count, one.pointer, one.line) == (2, "/0", 3)

    backend.use(scenario)


def test_events_that_are_refused_are_never_merged(backend: Backend) -> None:
    """Each is a letter of its own, whether it was delivered in vain or appended as one."""
    event = NewDeadLetter("auth0", "delivery/400", "why", event=b"{}")

    async def scenario(store: Store) -> None:
        await keep(store, entry("1"), entry("2"))
        await store.acknowledge([], [dead_event(each) for each in await claim(store)])
        await store.append([], [event, event], None)
        assert [each.count for each in await store.dead_letters()] == [1, 1, 1, 1]

    backend.use(scenario)


def test_a_letter_that_comes_again_during_its_replay_stays(backend: Backend) -> None:
    """Only what was replayed is taken away."""

    async def scenario(store: Store) -> None:
        await store.append([], [letter()] * 2, None)
        await store.append([], [letter()], None)
        (three,) = await store.dead_letters()
        await store.append([entry("1"), entry("2")], [], None, replacing={three.id: 2})
        (one,) = await store.dead_letters()
        assert one.count == 1
        await store.append([entry("3")], [], None, replacing={one.id: 1})
        assert await store.dead_letters() == []
        assert names(await claim(store)) == ["1", "2", "3"]

    backend.use(scenario)


def test_of_two_replays_of_a_letter_one_is_stored(backend: Backend) -> None:
    """Even if they are committed together, and others with them; nor is one stored that was dropped."""

    async def scenario(store: Store) -> None:
        (one,) = (await store.append([], [letter()] * 2, None)).dead_letters
        (two,) = (await store.append([], [letter(record=b"[]")], None)).dead_letters
        await store.drop([two])
        appends = [
            store.append([entry("1")], [], None, replacing={one: 2}),
            store.append([entry("2")], [], None, replacing={one: 1}),
            store.append([entry("3")], [], None, replacing={two: 1}),
            keep(store, entry("4")),
        ]
        results = await asyncio.gather(*appends, return_exceptions=True)
        assert [type(result) for result in results] == [Receipt, LetterGone, LetterGone, Receipt]
        assert sorted(names(await claim(store))) == ["1", "4"]

    backend.use(scenario)


def test_an_event_that_was_dropped_is_accepted_again(backend: Backend) -> None:
    """While its letter is kept a retry is a duplicate; dropped by an operator it is not."""

    async def scenario(store: Store) -> None:
        await keep(store, entry("1"), entry("2"))
        await store.acknowledge([], [dead_event(each) for each in await claim(store)])
        one, _ = await store.dead_letters()
        assert await keep(store, entry("1"), entry("2")) == Receipt(0, (0, 1), ())
        await store.drop([one.id])
        assert await keep(store, entry("1"), entry("2")) == Receipt(1, (1,), ())
        assert await keep(store, entry("1"), entry("2")) == Receipt(0, (0, 1), ())

    backend.use(scenario)


def test_an_event_that_was_replayed_is_a_duplicate(backend: Backend) -> None:
    """Its letter is gone because it is on its way again; if it dies again and is dropped, it is forgotten."""

    async def scenario(store: Store) -> None:
        await keep(store, entry("1"))
        await store.acknowledge([], [dead_event(each) for each in await claim(store)])
        (one,) = await store.dead_letters()
        assert await store.append([entry("1")], [], None, replacing={one.id: 1}) == Receipt(1, (), ())
        assert await keep(store, entry("1")) == Receipt(0, (0,), ())
        await store.acknowledge([], [dead_event(each) for each in await claim(store)])
        assert await keep(store, entry("1")) == Receipt(0, (0,), ())
        await store.drop([each.id for each in await store.dead_letters()])
        assert await keep(store, entry("1")) == Receipt(1, (), ())

    backend.use(scenario)


def test_the_source_that_takes_most_makes_room(backend: Backend) -> None:
    """However much one source sends, it costs the letters of no other, nor their calls; its oldest go first."""

    async def scenario(store: Store) -> None:
        await store.append([], [letter(source="quiet", record=b"x" * 3_000)], call(b"y" * 3_000))
        records = [b"%d" % each * 1_000 for each in range(50)]
        for record in records:
            await store.append([], [letter(source="loud", record=record)], call(b"z" * 1_000))
        assert sum((await store.counts()).bytes_by_source.values()) > 20_000

        removals = await store.sweep()

        quiet, *loud = await letters(store)
        assert (quiet.source, quiet.call) == ("quiet", call(b"y" * 3_000))
        assert [each.record for each in loud] == records[-len(loud) :]
        assert 0 < len(loud) < 10
        assert removals == [Removal("loud", "dead_letter", "size", 50 - len(loud))]
        assert await store.sweep() == []
        assert sum((await store.counts()).bytes_by_source.values()) <= 20_000

    backend.use(scenario, dead_letter_bytes=20_000)


@pytest.mark.parametrize("limits", [{"dead_letter_age": 0.0}, {"dead_letter_bytes": 0}], ids=str)
def test_an_event_that_retention_deleted_is_accepted_again(backend: Backend, limits: dict[str, float]) -> None:
    """By age or by size, what was never delivered and is not kept is not a duplicate."""

    async def scenario(store: Store) -> None:
        await keep(store, entry("1"))
        await store.acknowledge([], [dead_event(each) for each in await claim(store)])
        await store.sweep()
        assert await keep(store, entry("1")) == Receipt(1, (), ())

    backend.use(scenario, **limits)


def test_every_call_is_kept_where_that_was_asked(backend: Backend) -> None:
    """An event that dies then tells the call it came in, even without dead letters."""

    async def scenario(store: Store) -> None:
        await store.append([entry("1")], [], call())
        (claimed,) = await claim(store)
        await store.acknowledge([], [dead_event(claimed)])
        (dead,) = await letters(store)
        assert dead.call == call()

    backend.use(scenario, keep_calls=True)
