"""What keeping events in NATS costs, and the ratio to nats-py publishing the same messages in the same run.

Three servers run on this machine, with `sync_interval: always`; a stream is on one of them, or on all.

    python benchmarks/nats_store.py
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import NamedTuple

import payloads
from nats_servers import Servers, running_servers
from springhead.gateway.storage.nats import NatsOptions, NatsStore
from springhead.gateway.storage.records import NewEvent
from springhead.server.process import keep_free_memory, relax_collector
from store import EVENTS, batches, mapped
from store_floors import NatsFloor

ROUNDS = 5
ALONE = 400
"""Appends of a sender that is alone, in each round: it waits for each of them."""
REPEAT = 5
"""How often all events are appended in a round of batches, so that each sender has several."""
IN_FLIGHT = 16
"""A store has at most one message of each bucket on its way."""


class Cost(NamedTuple):
    """Seconds that something took: by the clock, and of processor time here and at the servers."""

    seconds: float
    client: float
    servers: float


async def cost(servers: Servers, work: Awaitable[object]) -> Cost:
    """What it costs to wait for something."""
    before = time.perf_counter(), time.process_time(), servers.cpu()
    await work
    after = time.perf_counter(), time.process_time(), servers.cpu()
    return Cost(*(end - start for start, end in zip(before, after, strict=True)))


def appends_of(events: Sequence[bytes], round_: int, size: int, senders: int) -> list[list[NewEvent]]:
    """What is appended in a round."""
    if size > 1:
        return [each for part in range(REPEAT) for each in batches(events, round_ * REPEAT + part, size)]
    return batches(events, round_, size)[: ALONE if senders == 1 else None]


async def append_all(store: NatsStore, appends: list[list[NewEvent]], senders: int) -> list[float]:
    """Have senders append, each with one append on its way at a time; the seconds that each append took."""
    remaining, latencies = iter(appends), []

    async def send() -> None:
        for entries in remaining:
            start = time.perf_counter()
            await store.append(entries, [], None)
            latencies.append(time.perf_counter() - start)

    await asyncio.gather(*(send() for _ in range(senders)))
    return latencies


async def compare(  # noqa: PLR0913, PLR0917 - what one line is about
    servers: Servers, folder: Path, replicas: int, events: Sequence[bytes], size: int, senders: int
) -> None:
    """Print one line: so many replicas, so many events an append, from so many senders."""
    name = f"R{replicas}-{size}-{senders}"
    addresses = tuple(f"nats://{address}" for address in servers.url.removeprefix("nats://").split(","))
    store = NatsStore(NatsOptions(addresses, name=name, replicas=replicas, folder=folder / name))
    await store.open()
    floor = NatsFloor(addresses, f"{name}-events", min(IN_FLIGHT, senders * size))
    await floor.open()
    stores, floors, latencies, messages = [], [], [], 0
    for round_ in range(ROUNDS):
        appends = appends_of(events, round_, size, senders)
        appended = asyncio.ensure_future(append_all(store, appends, senders))
        stores.append(await cost(servers, appended))
        latencies += appended.result()
        published = await floor.messages()
        messages += len(published)
        floors.append(await cost(servers, floor.publish(published)))
    await floor.close()
    await store.close()
    mean, floor_mean = (Cost(*map(statistics.median, zip(*costs, strict=True))) for costs in (stores, floors))
    kept = sum(map(len, appends))
    percentile = statistics.quantiles(latencies, n=100)[98]
    print(
        f"R{replicas}, {senders:3} senders, {size:3} events an append:"
        f" {kept / mean.seconds:7,.0f} events/s, {floor_mean.seconds / mean.seconds:4.0%} of the floor's"
        f" {kept / floor_mean.seconds:7,.0f}; p99 {percentile * 1000:5.1f} ms;"
        f" {mean.client / kept * 1e6:5.1f} us an event here (floor {floor_mean.client / kept * 1e6:4.1f}),"
        f" {mean.servers / kept * 1e6:5.1f} at the servers (floor {floor_mean.servers / kept * 1e6:5.1f});"
        f" {kept * ROUNDS / messages:5.1f} events a message",
        flush=True,
    )


async def main() -> None:
    """One sender, many senders, and many with batches, on three nodes and on one, as in a server."""
    keep_free_memory()
    relax_collector()
    logs = [payloads.log(number) for number in range(EVENTS)]
    print(payloads.describe(logs))
    events = mapped(logs)
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-", dir=Path.cwd()) as folder,
        running_servers(Path(folder)) as servers,
    ):
        for replicas in (3, 1):
            for size, senders in ((1, 1), (1, 32), (1, 256), (100, 8), (100, 32)):
                await compare(servers, Path(folder), replicas, events, size, senders)


if __name__ == "__main__":
    asyncio.run(main())
