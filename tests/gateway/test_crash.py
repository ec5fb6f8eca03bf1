"""A gateway that is killed at any moment keeps what it said it kept, and one that is told to end ends well."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from pathlib import Path

import pytest

from support.dataplanes import data_plane
from support.effort import scaled
from support.senders import Senders, assert_complete, gateway_to, until
from support.servers import Server, free_port, wait_for
from support.stores import rows

pytestmark = pytest.mark.slow

KILLS = scaled(6)
"""How often the gateway is killed."""


def torment(folder: Path, to: str, port: int, starts: list[float]) -> None:
    """Start a gateway and kill it at some moment, again and again; each third time its worker goes first."""
    for number in range(KILLS):
        started = time.monotonic()
        with gateway_to(to, folder, port) as server:
            starts.append(time.monotonic() - started)
            time.sleep(random.uniform(0.1, 1.0))  # noqa: S311 - any moment
            if number % 3 == 2:
                replaced(server)
                time.sleep(random.uniform(0.1, 0.5))  # noqa: S311
            server.kill()


def replaced(server: Server) -> None:
    """Kill a gateway's worker, and wait until another one answers."""
    (worker,) = server.workers()
    os.kill(worker, signal.SIGKILL)
    until_ = time.monotonic() + 10
    while server.workers() in ([], [worker]):
        assert time.monotonic() < until_, server.log.read_text()
        time.sleep(0.01)
    wait_for(server)


def test_no_kill_loses_what_was_told_ok(tmp_path: Path) -> None:
    """Whenever it comes: every log is delivered, as one message each, in order, and the file is sound."""

    async def scenario() -> None:
        port, starts = free_port(), list[float]()
        senders = Senders(f"http://127.0.0.1:{port}")
        async with data_plane() as plane:
            sending = asyncio.create_task(senders.run(4))
            await asyncio.to_thread(torment, tmp_path, plane.url, port, starts)
            senders.stopping = True
            with gateway_to(plane.url, tmp_path, port):
                began = time.monotonic()
                await sending
                await until(lambda: len(set(plane.taken)) >= len(senders.acknowledged), 60)
                drained = time.monotonic() - began
                await until(lambda: rows(tmp_path / "springhead-data", "SELECT count(*) FROM event") == [(0,)])

        assert_complete(plane, senders.acknowledged)
        print(  # noqa: T201 - the figures of a long look
            f"{KILLS} kills, {len(senders.acknowledged)} logs told ok, answers {dict(senders.statuses)},"
            f" {len(plane.taken) - len(set(plane.taken))} delivered twice,"
            f" slowest start {max(starts):.2f} s, all delivered {drained:.1f} s after the last start"
        )

    asyncio.run(scenario())
    assert rows(tmp_path / "springhead-data", "PRAGMA integrity_check") == [("ok",)]


def test_a_gateway_told_to_end_under_load_ends_well(tmp_path: Path) -> None:
    """It exits with 0 in time; what it said `ok` to is delivered once, by it or by the next one."""

    async def scenario() -> None:
        port = free_port()
        senders = Senders(f"http://127.0.0.1:{port}")
        async with data_plane() as plane:
            with gateway_to(plane.url, tmp_path, port) as server:
                sending = asyncio.create_task(senders.run(4))
                await until(lambda: len(senders.acknowledged) > 1_000)
                began = time.monotonic()
                assert await asyncio.to_thread(server.stop) == 0
                assert time.monotonic() - began < 5
            senders.stopping = True
            with gateway_to(plane.url, tmp_path, port):
                await sending
                await until(lambda: len(set(plane.taken)) >= len(senders.acknowledged))

        assert_complete(plane, senders.acknowledged)
        assert set(senders.statuses) <= {0, 200, 503}
        assert len(plane.taken) == len(set(plane.taken))

    asyncio.run(scenario())
