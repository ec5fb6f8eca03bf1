from __future__ import annotations

import asyncio
from typing import Any

import pytest

from springhead.server.deadline import Deadline


async def outcome(deadline: Deadline) -> str:
    """What becomes of work that never ends, and whether its task can go on afterwards."""
    try:
        await deadline.within(asyncio.sleep(600))
    except TimeoutError:
        await asyncio.sleep(0.01)
        return "timed out"
    return "done"


def test_work_that_takes_too_long_is_ended_and_its_task_goes_on() -> None:
    """All of it."""

    async def scenario() -> list[str]:
        deadline = Deadline(0.1)
        return await asyncio.gather(*(outcome(deadline) for _ in range(3)))

    assert asyncio.run(scenario()) == ["timed out"] * 3


def test_one_timer_watches_all_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timer for each request would cost more than a short request."""

    async def scenario() -> int:
        loop = asyncio.get_running_loop()
        timers: list[asyncio.TimerHandle] = []
        call_later = loop.call_later

        def counted(*arguments: Any) -> asyncio.TimerHandle:
            timers.append(call_later(*arguments))
            return timers[-1]

        monkeypatch.setattr(loop, "call_later", counted)
        deadline = Deadline(60)
        for _ in range(100):
            await deadline.within(asyncio.sleep(0))
        return len(timers)

    assert asyncio.run(scenario()) == 1


def test_one_deadline_serves_one_loop_after_another() -> None:
    """An app that is served again has its deadline again, also where the loop before had work under way."""
    deadline = Deadline(0.1)

    async def short() -> None:
        await deadline.within(asyncio.sleep(0.01))

    asyncio.run(short())

    assert asyncio.run(outcome(deadline)) == "timed out"


def test_work_in_time_gives_what_it_comes_to() -> None:
    """Its result, or what it raises."""

    async def scenario() -> str:
        deadline = Deadline(60)
        with pytest.raises(ZeroDivisionError):
            await deadline.within(broken())
        return await deadline.within(asyncio.sleep(0.01, "done"))

    async def broken() -> None:
        raise ZeroDivisionError

    assert asyncio.run(scenario()) == "done"


def test_a_task_that_is_cancelled_is_cancelled() -> None:
    """Only what takes too long is a timeout."""

    async def scenario() -> None:
        task = asyncio.create_task(outcome(Deadline(60)))
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(scenario())
