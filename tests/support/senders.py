"""Posts to a gateway as Auth0 does, from many senders at once, and checks that nothing posted was lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx

from support.dataplanes import FakeDataPlane
from support.gateways import Gateway, gateway
from support.servers import LOCAL, pauses

KEY, OTHER_KEY = "auth0-write-key-0001", "auth0-write-key-0002"
PRODUCTION = {"name": "Auth0 production", "type": "auth0", "write_key": [KEY]}
STAGING = {"name": "Auth0 staging", "type": "auth0", "write_key": [OTHER_KEY]}
QUICK = {"timeout": 1, "retry_min": 0.05, "retry_max": 0.5, "breaker_pause": 0.2}
"""Delivery settings with which failing and recovering takes little time."""
USERS = 5
"""How many users the logs of one sender are about."""


@contextmanager
def gateway_to(
    to: str, folder: Path, port: int = 0, store: Mapping[str, Any] = MappingProxyType({}), **delivery: Any
) -> Iterator[Gateway]:
    """Run a gateway with two Auth0 sources that delivers to this data plane, and retries quickly."""
    addresses = {"port": port} if port else {}
    delivery = {"to": to, **QUICK, **delivery}
    with gateway(folder, PRODUCTION, STAGING, gateway=addresses, store=store, delivery=delivery) as server:
        yield server


def log(log_id: str, user: str, **data: Any) -> dict[str, Any]:
    """One log as Auth0 streams it."""
    date = "2024-03-15T10:15:31.004Z"
    return {"log_id": log_id, "data": {"log_id": log_id, "type": "s", "date": date, "user_id": user, **data}}


def batch(sender: int, first: int, size: int, **data: Any) -> list[dict[str, Any]]:
    """Logs of several users in turn, whose ids hold the sender and a number."""
    numbers = range(first, first + size)
    return [log(f"{sender:03}-{number:08}", f"auth0|{sender}/{number % USERS}", **data) for number in numbers]


@dataclass
class Senders:
    """Senders that post until they are stopped, and the answers they got."""

    url: str
    acknowledged: list[str] = field(default_factory=list)
    """The log_ids of requests answered `ok`."""
    statuses: Counter[int] = field(default_factory=Counter)
    """How often each status was answered; 0 stands for no answer."""
    retry_after: set[str | None] = field(default_factory=set)
    """The Retry-After headers of other answers than `ok`."""
    stopping: bool = False

    async def run(self, senders: int, sizes: tuple[int, ...] = (1, 7, 40), first: int = 0, **data: Any) -> None:
        """Post from this many senders until told to stop; each sees its last batch acknowledged."""
        numbers = range(first, first + senders)
        await asyncio.gather(*(self._send(sender, sizes, data) for sender in numbers))

    async def post(self, client: httpx.AsyncClient, logs: list[dict[str, Any]], key: str = KEY) -> int:
        """Post a batch once, and return the status of the answer."""
        try:
            answer = await client.post(f"{self.url}/v1/webhook?writeKey={key}", json=logs)
        except httpx.TransportError:
            self.statuses[0] += 1
            return 0
        self.statuses[answer.status_code] += 1
        if answer.is_success:
            self.acknowledged += [one["log_id"] for one in logs]
        else:
            self.retry_after.add(answer.headers.get("retry-after"))
        return answer.status_code

    async def _send(self, sender: int, sizes: tuple[int, ...], data: dict[str, Any]) -> None:
        async with httpx.AsyncClient(**LOCAL, timeout=30) as client:
            first = 0
            for turn in count(sender):
                logs = batch(sender, first, sizes[turn % len(sizes)], **data)
                while await self.post(client, logs) != 200:  # noqa: ASYNC110 - Auth0 retries the same body, too
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


def assert_complete(plane: FakeDataPlane, acknowledged: list[str]) -> None:
    """Each acknowledged log was taken as one message, nothing else was, and each user's came in order."""
    log_of = log_ids(plane)
    assert len(set(acknowledged)) == len(acknowledged)
    assert sorted(log_of[message_id] for message_id in arrived(plane)) == sorted(acknowledged)
    assert_in_order(plane)


def assert_kept_and_in_order(plane: FakeDataPlane, senders: list[Senders]) -> None:
    """Each acknowledged log was taken, under one messageId, and each user's came in order."""
    log_of = log_ids(plane)
    assert len(set(log_of.values())) == len(log_of)
    acknowledged = {log_id for sender in senders for log_id in sender.acknowledged}
    assert acknowledged - {log_of[message_id] for message_id in plane.taken} == set()
    assert_in_order(plane)


def assert_in_order(plane: FakeDataPlane) -> None:
    """Each user's logs came in order."""
    log_of = log_ids(plane)
    by_user: dict[str, list[str]] = {}
    for message_id, user in arrived(plane).items():
        by_user.setdefault(user, []).append(log_of[message_id])
    assert [logs for logs in by_user.values() if logs != sorted(logs)] == []


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition is true; the test's timeout ends a vain wait."""
    waits = pauses()
    while not condition():  # noqa: ASYNC110 - another process makes it true: there is no event to wait for
        await asyncio.sleep(next(waits))
