"""Each source has its own pauses: what is wrong with one does not stop another."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from support.dataplanes import CUT, HANG, OK, Batch, Reply
from support.deliveries import Answers, delivering, event, events, ids, in_order, keep, until, until_true


def failing_for(key: str, reply: Reply) -> Answers:
    """Answer so to the batches of one source."""
    return lambda batch: reply if batch.key == key else OK


@pytest.mark.slow
@pytest.mark.parametrize(
    "reply",
    [
        (429, {}, ""),
        (429, {"Retry-After": "3600"}, ""),
        (503, {"Retry-After": "3600"}, ""),
        (401, {}, "invalid write key"),
        (400, {}, "bad"),
        (500, {}, ""),
        CUT,
        HANG,
    ],
)
def test_another_source_is_delivered_whatever_happens_to_one(tmp_path: Path, reply: Reply) -> None:
    """All of the well source goes out while nothing of the other one does."""
    well = [event(one, f"user-{one}", "Other") for one in ids(120)]
    keep(tmp_path, [*[event(f"acme-{one}", f"user-{one}") for one in ids(120)], *well])

    async def scenario() -> None:
        answer = failing_for("acme-key", reply)
        async with delivering(tmp_path, answer, timeout=0.1, retry_max=0.05) as running:
            await until(running.undelivered, 120)
            assert {*ids(120)} <= set(running.plane.taken)
            assert await running.dead() == []
            assert running.delivery.down is None

    asyncio.run(scenario())


def test_retry_after_is_honoured_by_all_lanes_of_its_source(tmp_path: Path) -> None:
    """Nothing of the source is sent again before; other sources are."""
    keep(tmp_path, events(40))

    async def scenario() -> None:
        answer = failing_for("acme-key", (429, {"Retry-After": "3600"}, ""))
        async with delivering(tmp_path, answer) as running:
            await until_true(lambda: running.plane.came)
            for number in range(20):
                await running.add(f"other-{number}", user=f"user-{number}", source="Other")
                await until(running.undelivered, 40)
            assert sum(batch.key == "acme-key" for batch in running.plane.came) <= 4

    asyncio.run(scenario())


def test_a_source_of_which_nothing_is_accepted_is_held(tmp_path: Path) -> None:
    """Its reason is told by the status, the metrics and, once, by the log; no answer is quoted."""
    keep(tmp_path, events(30, users=1))

    async def scenario() -> None:
        answer = failing_for("acme-key", (401, {}, "ada@example.com acme-key"))
        async with delivering(tmp_path, answer, retry_min=30, retry_max=60) as running:
            await until_true(lambda: running.delivery.held)
            assert running.delivery.held["Acme"].reason == "status 401"
            assert await running.count("held", source="Acme") == 1
            assert await running.undelivered() == 30

    with capture_logs() as logs:
        asyncio.run(scenario())

    (entry,) = (entry for entry in logs if entry["log_level"] == "error")
    assert (entry["source"], entry["reason"]) == ("Acme", "status 401")
    assert "acme-key" not in repr(logs)
    assert "ada@" not in repr(logs)


def test_lanes_that_fail_at_once_count_as_one_failure(tmp_path: Path) -> None:
    """The pause grows with each try, not with each lane."""
    keep(tmp_path, events(40, users=20))

    async def scenario() -> None:
        async with delivering(tmp_path, lambda _batch: (500, {}, ""), retry_min=30, retry_max=60) as running:
            await until_true(lambda: len(running.plane.came) == 4)
            await running.delivery.stop(2)
            assert running.delivery.held == {}

    asyncio.run(scenario())


@pytest.mark.slow
def test_a_key_that_works_again_lets_its_events_go(tmp_path: Path) -> None:
    """The source is tried again after a pause, and all of it comes in order."""
    keep(tmp_path, events(10))
    right = False

    async def scenario() -> None:
        nonlocal right
        answer: Answers = lambda _batch: OK if right else (401, {}, "")  # noqa: E731 - it reads `right`
        async with delivering(tmp_path, answer) as running:
            await until_true(lambda: running.delivery.held)
            right = True
            await running.drained()
            assert running.delivery.held == {}
            assert sorted(running.plane.taken) == ids(10)
            assert in_order(running.plane.taken)

    asyncio.run(scenario())


def test_one_lane_tries_a_source_that_is_held(tmp_path: Path) -> None:
    """A destination that is in trouble is asked by one at a time."""
    keep(tmp_path, events(100, users=50))

    async def scenario() -> None:
        async with delivering(tmp_path, lambda _batch: (500, {}, "")) as running:
            await until_true(lambda: running.delivery.held)
            before = len(running.plane.came)
            await until_true(lambda: len(running.plane.came) > before + 10)
            running.plane.most_under_way = 0
            before = len(running.plane.came)
            await until_true(lambda: len(running.plane.came) > before + 20)
            assert running.plane.most_under_way <= 1

    asyncio.run(scenario())


def test_a_batch_is_smaller_while_its_source_is_held(tmp_path: Path) -> None:
    """One event is enough to find out."""
    keep(tmp_path, events(100))
    sizes: list[int] = []

    def answer(batch: Batch) -> Reply:
        sizes.append(len(batch.ids))
        return (500, {}, "")

    async def scenario() -> None:
        async with delivering(tmp_path, answer) as running:
            await until_true(lambda: running.delivery.held)
            before = len(sizes)
            await until_true(lambda: len(sizes) > before + 10)
            assert sizes[before + 4 :] == [1] * len(sizes[before + 4 :])

    asyncio.run(scenario())
