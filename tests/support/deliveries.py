"""A delivery that runs: events in a real store, a data plane that answers as it is told to."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from springhead.gateway.delivery import Delivery, open_destination
from springhead.gateway.delivery.destination import Destination
from springhead.gateway.gauges import gauges_text
from springhead.gateway.metrics import GatewayMetrics
from springhead.gateway.settings.model import DeliverySettings
from springhead.gateway.storage.records import DeadLetter, NewEvent
from springhead.gateway.storage.sqlite import SqliteStore

from .dataplanes import OK, Batch, FakeDataPlane, Reply, data_plane
from .stores import letters, opened

KEYS = {"Acme": "acme-key", "Other": "other-key"}
T = TypeVar("T")
Answers = Callable[[Batch], Reply]


def quick(**given: Any) -> DeliverySettings:
    """Settings whose pauses are short. A data plane on a busy machine is never taken for one that hangs."""
    short = {"timeout": 10, "retry_min": 0.002, "retry_max": 0.01, "breaker_pause": 0.01}
    return DeliverySettings(**{**short, **given})


@dataclass
class Running:
    """A delivery that runs, with its store, its data plane and its metrics."""

    store: SqliteStore
    delivery: Delivery
    plane: FakeDataPlane
    metrics: GatewayMetrics

    async def add(self, *message_ids: str, user: str = "ada", source: str = "Acme", size: int = 0) -> None:
        """Have these events accepted."""
        await self.store.append([event(one, user, source, size) for one in message_ids], [], None)

    async def undelivered(self) -> int:
        """How many events wait."""
        return (await self.store.counts()).undelivered

    async def drained(self) -> None:
        """Wait until no event waits."""
        await until(self.undelivered, 0)

    async def dead(self) -> list[DeadLetter]:
        """The dead letters, oldest first."""
        return await letters(self.store)

    async def count(self, name: str, **labels: str) -> float:
        """A metric's value."""
        counts, delivery = await self.store.counts(), self.delivery
        gauges = gauges_text(counts, is_down=delivery.down is not None, held=delivery.held, limit=1)
        return sample((self.metrics.text() + gauges).decode(), f"springhead_gateway_{name}", labels)


def sample(text: str, name: str, labels: dict[str, str]) -> float:
    """The value of a sample in Prometheus' text format; 0 where there is none."""
    for line in text.splitlines():
        series, _, value = line.rpartition(" ")
        if series.partition("{")[0] == name and all(
            f'{key}="{each}"' in series for key, each in labels.items()
        ):
            return float(value)
    return 0.0


def event(message_id: str, user: str = "ada", source: str = "Acme", size: int = 0) -> NewEvent:
    """An event whose body is longer than `size` bytes."""
    body = {"messageId": message_id, "userId": user, "pad": "x" * size}
    return NewEvent(source, message_id, user, json.dumps(body).encode())


def events(count: int, users: int = 7, source: str = "Acme") -> list[NewEvent]:
    """So many events of so many users, by turns."""
    return [event(name, f"user-{number % users}", source) for number, name in enumerate(ids(count))]


def ids(count: int) -> list[str]:
    """The messageIds of so many events."""
    return [f"{number:05}" for number in range(count)]


def in_order(message_ids: Iterable[str], users: int = 7) -> bool:
    """Whether each user's messages first came in the order in which they were accepted."""
    by_user: dict[int, list[str]] = defaultdict(list)
    for one in dict.fromkeys(message_ids):
        by_user[int(one) % users].append(one)
    return all(came == sorted(came) for came in by_user.values())


async def until(value: Callable[[], Awaitable[T]], expected: T) -> None:
    """Wait until a value is as expected. The test's timeout ends it where it never is."""
    while await value() != expected:  # noqa: ASYNC110 - a store knows no event loop
        await asyncio.sleep(0.005)


async def until_true(is_true: Callable[[], object]) -> None:
    """Wait until something is true. The test's timeout ends it where it never is."""
    while not is_true():  # noqa: ASYNC110 - what is waited for knows no event loop
        await asyncio.sleep(0.005)


@asynccontextmanager
async def delivering(
    folder: Path,
    answer: Answers = lambda _batch: OK,
    *,
    to: Destination | None = None,
    url: str | None = None,
    **settings: Any,
) -> AsyncIterator[Running]:
    """Deliver what a store in this folder holds to a data plane that answers so, or elsewhere."""
    async with opened(folder) as store, data_plane(answer) as plane:
        rules = quick(to=url or plane.url, **settings)
        metrics = GatewayMetrics()
        delivery = Delivery(store, to or open_destination(rules, KEYS), KEYS, rules, metrics)
        delivery.start()
        try:
            yield Running(store, delivery, plane, metrics)
        finally:
            await delivery.stop(2)


def keep(folder: Path, kept: Iterable[NewEvent]) -> None:
    """Have a store in this folder hold these events."""

    async def append() -> None:
        async with opened(folder) as store:
            await store.append(list(kept), [], None)

    asyncio.run(append())


def deliver(folder: Path, kept: Iterable[NewEvent], answer: Answers, **settings: Any) -> Delivered:
    """Deliver these events to a data plane that answers so, until none waits."""
    keep(folder, kept)

    async def scenario() -> Delivered:
        async with delivering(folder, answer, **settings) as running:
            await running.drained()
            return Delivered(running.plane, await running.dead(), running)

    return asyncio.run(scenario())


@dataclass
class Delivered:
    """What became of events: what the data plane was sent and took, and the dead letters."""

    plane: FakeDataPlane
    dead: list[DeadLetter]
    running: Running


def first(*replies: Reply) -> Answers:
    """Answer so at first, in turn, and OK from then on."""
    left = list(replies)
    return lambda _batch: left.pop(0) if left else OK


def refusing(bad: Iterable[str], reply: Reply = (400, {}, "not a valid event")) -> Answers:
    """Answer so to every batch that holds one of these messages."""
    refused = set(bad)
    return lambda batch: reply if refused & set(batch.ids) else OK
