from __future__ import annotations

import asyncio
import time

import pytest

from springhead.server.deadline import Deadline


async def late(watch: Deadline) -> str:
    """Say whether work that never ends was ended, and go on for a while."""
    try:
        await watch.within(asyncio.sleep(60))
    except TimeoutError:
        await asyncio.sleep(0.01)
        return "late"
    return "done"


def test_work_that_takes_too_long_is_ended_and_its_task_goes_on() -> None:
    """All work of the watch is ended by one timer, not much later than it may take."""

    async def scenario() -> list[str]:
        watch = Deadline(0.1)
        return await asyncio.gather(*(late(watch) for _ in range(3)))

    began = time.monotonic()

    assert asyncio.run(scenario()) == ["late"] * 3
    assert 0.1 <= time.monotonic() - began < 1


def test_one_watch_serves_one_loop_after_another() -> None:
    """An app that is served again is watched again, also while work of the last loop is forgotten."""
    watch = Deadline(0.1)

    async def begun() -> None:
        await asyncio.wait_for(watch.within(asyncio.sleep(0.01)), 1)

    asyncio.run(begun())

    assert asyncio.run(late(watch)) == "late"


def test_work_in_time_gives_what_it_comes_to() -> None:
    """What it gives is passed on, and so is what it raises."""

    async def scenario() -> str:
        watch = Deadline(60)
        with pytest.raises(ZeroDivisionError):
            await watch.within(broken())
        return await watch.within(asyncio.sleep(0.01, "done"))

    async def broken() -> None:
        raise ZeroDivisionError

    assert asyncio.run(scenario()) == "done"


def test_who_is_cancelled_from_outside_is_cancelled() -> None:
    """Only the watch's own end is a timeout."""

    async def scenario() -> None:
        task = asyncio.create_task(late(Deadline(60)))
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(scenario())
