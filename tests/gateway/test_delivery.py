"""A gateway whose data plane, disk or database fails takes what it can keep, and loses none of it."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from springhead.gateway.storage.records import NewEvent
from support.dataplanes import CUT, HANG, OK, Batch, FakeDataPlane, Reply, data_plane
from support.senders import (
    KEY,
    OTHER_KEY,
    Senders,
    arrived,
    assert_complete,
    batch,
    gateway_to,
    log,
    log_ids,
    until,
)
from support.servers import LOCAL, SPRINGHEAD, free_port
from support.stores import opened, rows

pytestmark = pytest.mark.slow

DATA = "springhead-data"
DOWN: Reply = (500, {}, "down")
LIMITED: Reply = (429, {"Retry-After": "1"}, "slow down")
KEY_REFUSED: Reply = (401, {}, "Invalid write key")


def for_a_while(reply: Reply, seconds: float = 1.0) -> Callable[[Batch], Reply]:
    """Answer so from the first batch on for some time, and OK after it."""
    began: list[float] = []

    def answer(_: Batch) -> Reply:
        began.append(time.monotonic())
        return reply if time.monotonic() - began[0] < seconds else OK

    return answer


async def status(folder: Path, *options: str) -> str:
    """What `springhead gateway status` says of the gateway of a folder."""
    command = [SPRINGHEAD, "gateway", "status", "--config", str(folder / "springhead.toml"), *options]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    return str(done.stdout)


async def load(senders: Senders, seconds: float) -> None:
    """Post from four senders for some time."""
    sending = asyncio.create_task(senders.run(4))
    await asyncio.sleep(seconds)
    senders.stopping = True
    await sending


async def delivered(plane: FakeDataPlane, senders: Senders) -> None:
    """Wait until a data plane has taken every event that was acknowledged to senders."""
    await until(lambda: len(set(plane.taken)) >= len(senders.acknowledged))


@pytest.mark.parametrize(
    "reply", [DOWN, LIMITED, HANG, CUT, KEY_REFUSED], ids=["500", "429", "hangs", "cuts", "401"]
)
def test_no_failure_of_the_data_plane_reaches_a_sender(tmp_path: Path, reply: Reply) -> None:
    """All are told `ok` meanwhile, and when it is back it gets everything, in order."""

    async def scenario() -> None:
        async with data_plane(for_a_while(reply)) as plane:
            with gateway_to(plane.url, tmp_path) as server:
                senders = Senders(server.url)
                await load(senders, 1.5)
                await delivered(plane, senders)

        assert set(senders.statuses) == {200}
        assert_complete(plane, senders.acknowledged)

    asyncio.run(scenario())


def test_a_data_plane_that_is_not_there_at_the_start_gets_all_when_it_comes(tmp_path: Path) -> None:
    """A gateway starts without one, and looks for it."""

    async def scenario() -> None:
        port = free_port()
        with gateway_to(f"http://127.0.0.1:{port}", tmp_path) as server:
            senders = Senders(server.url)
            await load(senders, 1.0)
            async with data_plane(port=port) as plane:
                await delivered(plane, senders)

        assert set(senders.statuses) == {200}
        assert_complete(plane, senders.acknowledged)

    asyncio.run(scenario())


def test_one_event_that_is_refused_costs_no_other(tmp_path: Path) -> None:
    """It is a dead letter with the data plane's answer, and one that is too long is one that never went out."""
    bad = {"refused": log("bad", "auth0|0/1"), "long": log("long", "auth0|0/2", details={"text": "x" * 40_000})}

    def answer(came: Batch) -> Reply:
        at_fault = any(event["properties"]["log_id"] == "bad" for event in came.body["batch"])
        return (400, {}, "event is not valid") if at_fault else OK

    async def scenario() -> None:
        async with data_plane(answer) as plane:
            with gateway_to(plane.url, tmp_path) as server:
                senders = Senders(server.url)
                async with httpx.AsyncClient(**LOCAL) as client:
                    logs = batch(0, 0, 300)
                    assert await senders.post(client, [*logs[:100], *bad.values(), *logs[100:]]) == 200
                await until(lambda: len(plane.taken) == 300)
                await until(lambda: rows(tmp_path / DATA, "SELECT count(*) FROM event") == [(0,)])
            of_message = log_ids(plane)
            assert sorted(of_message[one] for one in arrived(plane)) == [one["log_id"] for one in logs]

    asyncio.run(scenario())
    refused, long = sorted(rows(tmp_path / DATA, "SELECT rule, reason, event, answer FROM dead_letter"))
    assert refused[:2] == ("delivery/400", "the destination answered 400 to this event alone")
    assert refused[3] == "event is not valid"
    assert b'"bad"' in refused[2]
    assert long[0] == "delivery/too-large"
    assert b'"long"' in long[2]


def test_a_source_whose_key_is_refused_holds_up_no_other(tmp_path: Path) -> None:
    """However much of it waits, another source's events go out at once, and its own when its key is taken."""
    mended = False

    def answer(came: Batch) -> Reply:
        return OK if mended or came.key == OTHER_KEY else KEY_REFUSED

    async def scenario() -> None:
        nonlocal mended
        async with data_plane(answer) as plane, httpx.AsyncClient(**LOCAL) as client:
            with gateway_to(plane.url, tmp_path, lanes=1, timeout=30) as server:
                senders = Senders(server.url)
                for first in range(0, 12_000, 500):
                    assert await senders.post(client, batch(0, first, 500), KEY) == 200
                await asyncio.sleep(2)
                held = json.loads(await status(tmp_path, "--json"))
                assert await senders.post(client, batch(1, 0, 10), OTHER_KEY) == 200
                await until(lambda: len(plane.taken) == 10)
                mended = True
                await delivered(plane, senders)
        assert_complete(plane, senders.acknowledged)
        assert [one["held"] for one in held["sources"]] == ["status 401", None]
        assert held["destination"] == {"to": plane.url, "down": False, "reason": None}

    asyncio.run(scenario())


def test_the_status_tells_of_a_destination_that_is_down(tmp_path: Path) -> None:
    """And why, as long as it is."""

    async def scenario() -> None:
        url = f"http://127.0.0.1:{free_port()}"
        async with httpx.AsyncClient(**LOCAL) as client:
            with gateway_to(url, tmp_path, lanes=1) as server:
                assert await Senders(server.url).post(client, batch(0, 0, 1), KEY) == 200
                while not (told := json.loads(await status(tmp_path, "--json"))["destination"])["down"]:  # noqa: ASYNC110 - only the status tells
                    await asyncio.sleep(0.1)
                text = await status(tmp_path)
        assert told == {"to": url, "down": True, "reason": "connection refused"}
        assert f"{url} is down (connection refused); events are kept and retried\n" in text

    asyncio.run(scenario())


def test_a_long_backlog_costs_no_memory(tmp_path: Path) -> None:
    """With 50,000 undelivered events a gateway accepts more, stays small, and delivers them all in order."""
    backlog = [f"backlog-{number:08}" for number in range(50_000)]

    async def scenario() -> None:
        async with opened(tmp_path / DATA) as store:
            for start in range(0, len(backlog), 1_000):
                await store.append([kept(one) for one in backlog[start : start + 1_000]], [], None)
        async with data_plane() as plane, httpx.AsyncClient(**LOCAL) as client:
            with gateway_to(plane.url, tmp_path) as server:
                senders = Senders(server.url)
                assert await senders.post(client, batch(0, 0, 1)) == 200
                senders.acknowledged += backlog
                await delivered(plane, senders)
                (worker,) = server.workers()
                assert resident(worker) < 150
        assert_complete(plane, senders.acknowledged)

    asyncio.run(scenario())


def kept(log_id: str) -> NewEvent:
    """An event of a thousand bytes as the store keeps it."""
    user = f"auth0|{int(log_id[-3:])}"
    properties = {"log_id": log_id, "text": "x" * 850}
    event = {"type": "track", "userId": user, "messageId": log_id, "properties": properties}
    return NewEvent("Auth0 production", log_id, user, json.dumps(event).encode())


def resident(pid: int) -> float:
    """Megabytes of memory a process holds."""
    (line,) = (one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1]) / 1000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 96 megabytes: a third of it is more than the store leaves free."""
    folder = tmp_path / DATA
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=96m,mode=0700", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a file system takes root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_told_to_senders_and_gets_over(tmp_path: Path, small_disk: Path) -> None:
    """They are asked to come again, delivery goes on, and once there is room all is as before."""

    async def scenario() -> None:
        ballast = small_disk / "ballast"
        async with data_plane(for_a_while(DOWN, 3)) as plane:
            with gateway_to(plane.url, tmp_path) as server:
                senders = Senders(server.url)
                sending = asyncio.create_task(senders.run(4, (40,), details={"text": "x" * 2_000}))
                await until(lambda: len(senders.acknowledged) > 500)
                with suppress(OSError), ballast.open("wb") as file:  # not a byte is left
                    while file.write(b"x" * 100_000):
                        file.flush()
                await until(lambda: senders.statuses[503] >= 8)
                ballast.unlink()
                kept = len(senders.acknowledged)
                await until(lambda: len(senders.acknowledged) > kept + 500)
                ballast.write_bytes(b"x" * 20_000_000)  # less is left than the store wants to spare
                refused = senders.statuses[503]
                await until(lambda: senders.statuses[503] >= refused + 8)
                await until(lambda: len(set(plane.taken)) >= len(senders.acknowledged))
                ballast.unlink()
                senders.stopping = True
                await sending
                await delivered(plane, senders)

        assert set(senders.statuses) == {200, 503}
        assert senders.retry_after == {"30"}
        assert_complete(plane, senders.acknowledged)

    asyncio.run(scenario())
    assert rows(small_disk, "PRAGMA integrity_check") == [("ok",)]


HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
connection.execute("SELECT count(*) FROM event").fetchone()
print("held", flush=True)
time.sleep(float(sys.argv[3]))
"""


@contextmanager
def held(folder: Path, begin: str, seconds: float) -> Iterator[None]:
    """Let another process hold a transaction of the gateway's store for some seconds."""
    command = [sys.executable, "-c", HOLD, str(folder / DATA / "store.sqlite"), begin, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"held\n"
            yield
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("begin", "seconds", "told"),
    [("BEGIN", 2, {200}), ("BEGIN IMMEDIATE", 6, {200, 503})],
    ids=["reads", "writes"],
)
def test_another_process_that_holds_the_store_costs_nothing(
    tmp_path: Path, begin: str, seconds: float, told: set[int]
) -> None:
    """Senders are told `ok` or to come again, within seconds, and what was `ok` is delivered."""

    async def scenario() -> None:
        async with data_plane() as plane:
            with gateway_to(plane.url, tmp_path) as server:
                senders = Senders(server.url)
                sending = asyncio.create_task(senders.run(4))
                await until(lambda: bool(senders.acknowledged))
                with held(tmp_path, begin, seconds):
                    await asyncio.sleep(seconds)
                senders.stopping = True
                await sending
                await delivered(plane, senders)

        assert set(senders.statuses) <= told
        assert_complete(plane, senders.acknowledged)

    asyncio.run(scenario())
