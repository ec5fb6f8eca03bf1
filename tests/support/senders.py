"""A gateway with two Auth0 sources as a process, senders that post as Auth0 does, and what became of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from support.dataplanes import FakeDataPlane
from support.servers import Server, free_port, serving

KEY, OTHER_KEY = "auth0-write-key-0001", "auth0-write-key-0002"
USERS = 5
"""How many users the logs of one sender are of."""

_SETTINGS = """
[gateway]
admin = "127.0.0.1:{admin}"

[delivery]
to = "{to}"
{delivery}

[[source]]
name = "Auth0 production"
type = "auth0"
write_key = "{key}"

[[source]]
name = "Auth0 staging"
type = "auth0"
write_key = "{other_key}"
"""


@contextmanager
def gateway(folder: Path, to: str, port: int = 0, **delivery: Any) -> Iterator[Server]:
    """Run a gateway with its data in this folder, in a process group of its own."""
    quick = {"timeout": 1, "retry_min": 0.05, "retry_max": 0.5, "breaker_pause": 0.2}
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in (quick | delivery).items())
    settings = folder / "springhead.toml"
    keys = {"key": KEY, "other_key": OTHER_KEY}
    settings.write_text(_SETTINGS.format(admin=free_port(), to=to, delivery=lines, **keys))
    with serving(folder, "gateway", "--config", str(settings), port=port, start_new_session=True) as server:
        yield server


def kill(server: Server) -> None:
    """End a gateway, main process and worker in the same moment, as a machine that fails does."""
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait(10)


def log(log_id: str, user: str, **data: Any) -> dict[str, Any]:
    """One log as Auth0 streams it."""
    date = "2024-03-15T10:15:31.004Z"
    return {"log_id": log_id, "data": {"log_id": log_id, "type": "s", "date": date, "user_id": user, **data}}


def batch(sender: int, first: int, size: int, **data: Any) -> list[dict[str, Any]]:
    """Logs whose ids tell the sender and their number, of several users in turn."""
    numbers = range(first, first + size)
    return [log(f"{sender:03}-{number:08}", f"auth0|{sender}/{number % USERS}", **data) for number in numbers]


@dataclass
class Senders:
    """What senders posted, and were told."""

    url: str
    told: list[str] = field(default_factory=list)
    """The log_ids of requests answered `ok`."""
    answers: Counter[int] = field(default_factory=Counter)
    """How often each status came; 0 where there was no answer."""
    slowest: float = 0.0
    """Seconds of the longest wait for an answer."""
    waits: set[str | None] = field(default_factory=set)
    """What Retry-After said of answers that were not `ok`."""
    stopping: bool = False

    async def run(self, senders: int, sizes: tuple[int, ...] = (1, 7, 40), **data: Any) -> None:
        """Post from so many senders until told to stop, each with its last batch taken."""
        await asyncio.gather(*(self._send(sender, sizes, data) for sender in range(senders)))

    async def post(self, client: httpx.AsyncClient, logs: list[dict[str, Any]], key: str = KEY) -> int:
        """Post a batch once; the status it was answered."""
        started = time.monotonic()
        try:
            answer = await client.post(f"{self.url}/v1/webhook?writeKey={key}", json=logs)
            status = answer.status_code
        except httpx.TransportError:
            status = 0
        self.slowest = max(self.slowest, time.monotonic() - started)
        self.answers[status] += 1
        if status == 200:
            self.told += [one["log_id"] for one in logs]
        elif status:
            self.waits.add(answer.headers.get("retry-after"))
        return status

    async def _send(self, sender: int, sizes: tuple[int, ...], data: dict[str, Any]) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            first = 0
            for turn in count(sender):
                logs = batch(sender, first, sizes[turn % len(sizes)], **data)
                while await self.post(client, logs) != 200:  # noqa: ASYNC110 - as Auth0: the same body again
                    await asyncio.sleep(0.05)
                first += len(logs)
                if self.stopping:
                    return


def arrived(plane: FakeDataPlane) -> dict[str, str]:
    """The messageIds a data plane has taken, in the order each first came, with the user of each."""
    users = {event["messageId"]: event["userId"] for one in plane.came for event in one.body["batch"]}
    return {message_id: users[message_id] for message_id in dict.fromkeys(plane.taken)}


def log_ids(plane: FakeDataPlane) -> dict[str, str]:
    """The log_id of each messageId that came."""
    return {
        event["messageId"]: event["properties"]["log_id"] for one in plane.came for event in one.body["batch"]
    }


def assert_complete(plane: FakeDataPlane, told: list[str]) -> None:
    """All that was told `ok` was taken, each log as one message, nothing else, and each user's in order."""
    of_message = log_ids(plane)
    came = arrived(plane)
    logs = [of_message[message_id] for message_id in came]
    assert len(set(told)) == len(told)
    assert sorted(logs) == sorted(told)
    by_user: dict[str, list[str]] = {}
    for message_id, user in came.items():
        by_user.setdefault(user, []).append(of_message[message_id])
    for mine in by_user.values():
        assert mine == sorted(mine)


async def until(is_true: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(seconds):
        while not is_true():  # noqa: ASYNC110 - there is no event to wait for: it is another process's doing
            await asyncio.sleep(0.02)
