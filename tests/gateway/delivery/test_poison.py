"""An event that has its batch refused: found, tried again, and a dead letter only if the fault is its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from support.dataplanes import CUT, HANG, OK, Batch, Reply
from support.deliveries import (
    deliver,
    delivering,
    event,
    events,
    first,
    ids,
    in_order,
    keep,
    refusing,
    until,
    until_true,
)

BLAMES: list[Reply] = [(403, {}, "blocked"), (500, {}, "oh"), (502, {}, ""), CUT]


def without(*bad: str, count: int) -> list[str]:
    """The messageIds of so many events, but for these."""
    return [one for one in ids(count) if one not in bad]


def test_a_refused_batch_is_halved_until_the_event_at_fault_stands_alone(tmp_path: Path) -> None:
    """Its neighbours go through in order; the dead letter says the status and keeps the answer."""
    done = deliver(tmp_path, events(100, users=1), refusing({"00017", "00063"}))

    assert [(one.rule, one.reason) for one in done.dead] == [
        ("delivery/400", "the destination answered 400 to this event alone"),
        ("delivery/400", "the destination answered 400 to this event alone"),
    ]
    assert [one.answer for one in done.dead] == ["not a valid event"] * 2
    assert done.plane.taken == without("00017", "00063", count=100)
    assert len(done.plane.came) < 40


def test_a_batch_too_large_for_the_data_plane_is_split(tmp_path: Path) -> None:
    """413 means fewer at a time; one event that is too large alone is a dead letter."""
    kept = [*events(40, users=1), event("00040", "user-0", size=3_000)]

    done = deliver(tmp_path, kept, lambda batch: (413, {}, "too large") if batch.size > 1_000 else OK)

    assert done.plane.taken == ids(40)
    assert [one.rule for one in done.dead] == ["delivery/413"]


@pytest.mark.slow
@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("reply", BLAMES)
def test_a_failure_that_follows_one_event_is_its_fault_after_several_tries(
    tmp_path: Path, reply: Reply, lanes: int
) -> None:
    """A firewall's 403, a bug's 500 and a closed connection are traced to it; all others go out in order."""
    done = deliver(
        tmp_path, [*events(200), event("other", source="Other")], refusing({"00017"}, reply), lanes=lanes
    )

    (letter,) = done.dead
    assert letter.event == event("00017", "user-3").event
    assert letter.rule == f"delivery/{reply[0] or 'failed'}"
    assert "this event alone" in letter.reason
    assert letter.reason.endswith(", 8 times")
    taken = [one for one in done.plane.taken if one not in ("00017", "other")]
    assert sorted(set(taken)) == without("00017", count=200)
    assert in_order(taken)
    assert sum(batch.ids == ["00017"] for batch in done.plane.came) == 8


def test_the_number_of_tries_is_a_setting(tmp_path: Path) -> None:
    """`delivery.attempts` is how often an event is refused alone."""
    done = deliver(tmp_path, events(20), refusing({"00003"}, (500, {}, "")), attempts=3)

    assert sum(batch.ids == ["00003"] for batch in done.plane.came) == 3
    assert [one.reason for one in done.dead] == ["the destination answered 500 to this event alone, 3 times"]


@pytest.mark.slow
@pytest.mark.parametrize("reply", [(400, {}, "The plain HTTP request was sent to HTTPS port"), *BLAMES])
def test_while_nothing_of_a_source_is_accepted_nothing_of_it_is_a_dead_letter(
    tmp_path: Path, reply: Reply
) -> None:
    """Whatever the status, all of it comes in order once the destination is right again."""
    keep(tmp_path, events(300))
    ends = is_right = False
    taken: list[str] = []

    def answer(batch: Batch) -> Reply:
        nonlocal is_right
        if ends and not is_right and batch.ids[0] in ids(7):  # at the try of an event in front
            is_right = True
            taken.clear()
        return OK if is_right else reply

    async def scenario() -> None:
        async with delivering(tmp_path, answer) as running:
            running.plane.taken = taken
            await until_true(lambda: running.delivery.held)
            before = len(running.plane.came)
            await until_true(lambda: len(running.plane.came) > before + 50)
            assert await running.dead() == []
            assert "Acme" in running.delivery.held
            assert await running.count("held", source="Acme") == 1
            nonlocal ends
            ends = True
            await running.drained()
            assert await running.dead() == []
            assert sorted(taken) == ids(300)
            assert in_order(taken)
            assert running.delivery.held == {}
            assert await running.count("held", source="Acme") == 0

    asyncio.run(scenario())


def test_another_sources_acceptance_proves_nothing(tmp_path: Path) -> None:
    """The key of one source may be wrong while another's is right."""
    keep(tmp_path, [event("bad"), event("other", source="Other")])

    async def scenario() -> None:
        async with delivering(tmp_path, refusing({"bad"})) as running:
            await until_true(lambda: len(running.plane.came) > 20)
            assert running.plane.taken == ["other"]
            assert await running.dead() == []
            await running.add("good", user="grace")
            await running.drained()
            assert [one.event for one in await running.dead()] == [event("bad").event]

    asyncio.run(scenario())


@pytest.mark.parametrize("reply", [(400, {}, ""), (500, {}, "")])
def test_one_user_alone_is_not_stopped_for_ever(tmp_path: Path, reply: Reply) -> None:
    """Where all waits behind the event at fault, the next one is tried: that it is accepted is the proof."""
    done = deliver(tmp_path, events(20, users=1), refusing({"00000", "00001", "00010"}, reply), lanes=1)

    assert sorted(one.event for one in done.dead) == [
        event(one, "user-0").event for one in ("00000", "00001", "00010")
    ]
    assert done.plane.taken == without("00000", "00001", "00010", count=20)


@pytest.mark.parametrize("refusals", [1, 2, 3, 5])
def test_what_stands_behind_waits_for_the_event_in_front(tmp_path: Path, refusals: int) -> None:
    """It is tried only after that one was refused alone, and then once more."""
    done = deliver(tmp_path, events(5, users=1), first(*[(400, {}, "")] * refusals), lanes=1)

    assert done.dead == []
    assert done.plane.taken == ids(5)


def test_an_event_is_late_rather_than_dead(tmp_path: Path) -> None:
    """What proves its fault may prove that the destination is back: so it is tried once more after that."""
    done = deliver(tmp_path, events(5, users=1), first(*[(400, {}, "")] * 6), lanes=1)

    assert done.dead == []
    assert done.plane.taken == ["00002", "00000", "00001", "00003", "00004"]


def test_a_count_of_refusals_survives_a_restart(tmp_path: Path) -> None:
    """The store keeps it: an event is not tried from the beginning after each start."""
    keep(tmp_path, [event("bad"), *events(30)])
    alone: Counter[int] = Counter()

    async def run(number: int, enough: int) -> list[str]:
        async with delivering(tmp_path, refusing({"bad"}, (500, {}, ""))) as running:
            for count in range(1_000):
                if (await running.dead()) or alone[number] >= enough:
                    break
                await running.add(f"more-{number}-{count}", user="grace")
                alone[number] = sum(batch.ids == ["bad"] for batch in running.plane.came)
                await asyncio.sleep(0.005)
            return [one.reason for one in await running.dead()]

    assert asyncio.run(run(1, 4)) == []
    assert asyncio.run(run(2, 100)) == ["the destination answered 500 to this event alone, 8 times"]
    assert alone[2] <= 8 - 4


@pytest.mark.slow
@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_flood_of_events_at_fault_stops_nobody_else(tmp_path: Path, status: int) -> None:
    """However many users they come from, they become dead letters, and all others go out."""
    bad = [f"bad-{number:03}" for number in range(20)]
    good = [event(f"{number:05}", f"user-{number}", ("Acme", "Other")[number % 2]) for number in range(200)]

    done = deliver(
        tmp_path, [*(event(one, one) for one in bad), *good], refusing(bad, (status, {}, "")), lanes=1
    )

    assert sorted(one.event for one in done.dead) == [event(one, one).event for one in bad]
    assert sorted(done.plane.taken) == ids(200)


@pytest.mark.parametrize("reply", [CUT, HANG, (500, {}, "")])
def test_an_event_the_data_plane_fails_at_does_not_keep_other_users_waiting(
    tmp_path: Path, reply: Reply
) -> None:
    """Neither another user nor another source of the same lane."""
    keep(tmp_path, [event("bad"), *events(20, users=5), event("other", source="Other")])

    async def scenario() -> None:
        answer = refusing({"bad"}, reply)
        async with delivering(tmp_path, answer, lanes=1, timeout=0.05, attempts=1_000) as running:
            await until(running.undelivered, 1)
            assert set(running.plane.taken) - {"bad"} == {*ids(20), "other"}
            assert await running.dead() == []

    asyncio.run(scenario())


@pytest.mark.slow
@pytest.mark.parametrize("reply", [(429, {}, ""), (401, {}, ""), (503, {"Retry-After": "0"}, "")])
def test_what_is_about_the_load_or_the_key_is_not_traced_to_an_event(tmp_path: Path, reply: Reply) -> None:
    """No event is counted as refused for it."""
    keep(tmp_path, events(20, users=5))

    async def scenario() -> None:
        async with delivering(tmp_path, refusing({"00000"}, reply), lanes=1) as running:
            await until_true(lambda: len(running.plane.came) > 12)
            assert await running.dead() == []
        async with delivering(tmp_path, lanes=1) as running:
            await running.drained()
            assert [batch.ids for batch in running.plane.came] == [ids(20)]

    asyncio.run(scenario())


def test_a_burst_of_refusals_ends_without_a_dead_letter(tmp_path: Path) -> None:
    """With any status it costs no event. Only one that was refused alone may lose its place."""
    done = deliver(tmp_path, events(100), first(*[(400, {}, "")] * 30))

    alone = Counter(batch.ids[0] for batch in done.plane.came if len(batch.ids) == 1)
    assert done.dead == []
    assert sorted(set(done.plane.taken)) == ids(100)  # an answer that is late on a busy machine is lost
    assert in_order(one for one in done.plane.taken if alone[one] < 2)


@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("status", [400, 500])
def test_users_whose_first_events_are_all_bad_do_not_wait_for_each_other(
    tmp_path: Path, status: int, lanes: int
) -> None:
    """Where nothing but refused events is left to send, what stands behind one of them is tried."""
    bad = [f"bad-{number}" for number in range(5)]
    kept = [event(one, one) for one in bad]
    kept += [event(f"{number:05}", bad[number % 5]) for number in range(15)]

    done = deliver(tmp_path, kept, refusing(bad, (status, {}, "")), lanes=lanes)

    assert sorted(one.event for one in done.dead) == [event(one, one).event for one in bad]
    assert sorted(done.plane.taken) == ids(15)


@pytest.mark.parametrize("begins", range(1, 20, 3))
def test_an_outage_that_begins_during_a_search_costs_no_good_event(tmp_path: Path, begins: int) -> None:
    """What was accepted before it proves nothing."""
    requests = 0

    def answer(batch: Batch) -> Reply:
        nonlocal requests
        requests += 1
        return (400, {}, "") if begins < requests <= begins + 40 or "00021" in batch.ids else OK

    done = deliver(tmp_path, events(64, users=16), answer)

    assert [one.event for one in done.dead] == [event("00021", "user-5").event]
    assert sorted(done.plane.taken) == without("00021", count=64)


def test_what_was_accepted_before_an_outage_proves_nothing_in_it(tmp_path: Path) -> None:
    """An event that an outage meets twice is kept, as all others are."""
    refused: list[list[str]] = []
    is_right = True

    def answer(batch: Batch) -> Reply:
        if is_right and (batch.ids != ["first"] or refused):
            return OK
        refused.append(batch.ids)
        return (503, {}, "")

    async def scenario() -> None:
        nonlocal is_right
        async with delivering(tmp_path, answer, retry_min=0.05, retry_max=0.05) as running:
            await running.add("first")
            await until_true(lambda: refused)
            await running.add("good", user="grace")
            await until_true(lambda: "good" in running.plane.taken)
            is_right = False
            await running.add(*ids(20), user="grace")
            await until_true(lambda: len(refused) > 40)
            assert await running.dead() == []
            is_right = True
            await running.drained()
            assert await running.dead() == []

    asyncio.run(scenario())


def test_an_event_over_the_limit_is_never_sent(tmp_path: Path) -> None:
    """It is a dead letter before it can make a batch be refused."""
    done = deliver(tmp_path, [*events(5), event("large", "user-1", size=40_000)], first())

    ((rule, reason),) = [(one.rule, one.reason) for one in done.dead]
    assert rule == "delivery/too-large"
    assert reason == "the event has 40053 bytes, delivery.event_limit is 32768"
    assert sorted(done.plane.taken) == ids(5)
