"""A gateway killed at any moment loses nothing it acknowledged, and one that is stopped ends well."""

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
from support.servers import until as wait_until
from support.stores import rows

pytestmark = pytest.mark.slow

KILLS = scaled(6)
"""How often the gateway is killed."""


def torment(folder: Path, to: str, port: int) -> None:
    """Start a gateway and kill it at a random moment, again and again; each third time worker first."""
    for number in range(KILLS):
        with gateway_to(to, folder, port) as server:
            time.sleep(random.uniform(0.1, 1.0))  # noqa: S311 - any moment
            if number % 3 == 2:
                replaced(server)
                time.sleep(random.uniform(0.1, 0.5))  # noqa: S311
            server.kill()


def replaced(server: Server) -> None:
    """Kill a gateway's worker, and wait until another one answers."""
    (worker,) = server.workers()
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: server.workers() not in ([], [worker]))
    wait_for(server)


def test_no_kill_loses_what_was_told_ok(tmp_path: Path) -> None:
    """Every acknowledged log is delivered, as one message and in order, and the file is sound."""

    async def scenario() -> None:
        port = free_port()
        senders = Senders(f"http://127.0.0.1:{port}")
        async with data_plane() as plane:
            sending = asyncio.create_task(senders.run(4))
            await asyncio.to_thread(torment, tmp_path, plane.url, port)
            senders.stopping = True
            with gateway_to(plane.url, tmp_path, port):
                await sending
                await until(lambda: len(set(plane.taken)) >= len(senders.acknowledged))
                await until(lambda: rows(tmp_path / "springhead-data", "SELECT count(*) FROM event") == [(0,)])

        assert_complete(plane, senders.acknowledged)

    asyncio.run(scenario())
    assert rows(tmp_path / "springhead-data", "PRAGMA integrity_check") == [("ok",)]


def test_a_gateway_told_to_end_under_load_ends_well(tmp_path: Path) -> None:
    """It exits with 0; what was acknowledged is delivered once, by it or by the next one."""

    async def scenario() -> None:
        port = free_port()
        senders = Senders(f"http://127.0.0.1:{port}")
        async with data_plane() as plane:
            with gateway_to(plane.url, tmp_path, port) as server:
                sending = asyncio.create_task(senders.run(4))
                await until(lambda: len(senders.acknowledged) > 1_000)
                assert await asyncio.to_thread(server.stop) == 0
            senders.stopping = True
            with gateway_to(plane.url, tmp_path, port):
                await sending
                await until(lambda: len(set(plane.taken)) >= len(senders.acknowledged))

        assert_complete(plane, senders.acknowledged)
        assert set(senders.statuses) <= {0, 200, 503}
        assert len(plane.taken) == len(set(plane.taken))

    asyncio.run(scenario())
