"""What keeping events costs: appends a second, and the ratio to a floor measured in the same run.

The floor keeps the same events by the same group commit: a thread writes what waits to the end of a file as it
is, and fsyncs once for all of it. It keeps no order, no duplicates and no counts. Both are timed in turn.

    python benchmarks/store.py
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import payloads
from springhead import Host, Request, encode
from springhead.gateway.storage.records import NewEvent
from springhead.gateway.storage.sqlite import SqliteStore
from store_floors import FileFloor

ROUNDS = 7
EVENTS = 4_000


def batches(events: Sequence[bytes], round_: int, size: int) -> list[list[NewEvent]]:
    """All events of a round, `size` an append, no messageId met before."""
    entries = [
        NewEvent("auth0", f"{round_:08}-{size:04}-{number:022}", f"auth0|{number % 500:024}", event)
        for number, event in enumerate(events)
    ]
    return [entries[start : start + size] for start in range(0, EVENTS, size)]


def mapped(logs: Sequence[payloads.Log]) -> list[bytes]:
    """The events that logs become."""
    outcome = Host().receive("auth0", Request(body=payloads.array(logs)))
    return [encode(event) for event in outcome.events]


async def seconds(
    append: Callable[[Sequence[NewEvent]], Awaitable[object]], appends: list[list[NewEvent]], senders: int
) -> float:
    """How long `senders` senders take, each with one append on its way at a time."""
    remaining = iter(appends)

    async def send() -> None:
        for entries in remaining:
            await append(entries)

    start = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(senders)))
    return time.perf_counter() - start


async def compare(folder: Path, events: Sequence[bytes], size: int, senders: int) -> None:
    """Print one line: so many events an append, from so many senders."""
    store, floor = SqliteStore(folder / f"{size}-{senders}"), FileFloor(folder / f"{size}-{senders}.raw")
    floors, stores = [], []
    for round_ in range(ROUNDS):
        appends = batches(events, round_, size)
        floors.append(await seconds(floor.append, appends, senders))
        stores.append(await seconds(lambda entries: store.append(entries, [], None), appends, senders))
    appended = ROUNDS * EVENTS / size
    print(
        f"{senders:4} senders, {size:3} events an append: {EVENTS / statistics.median(stores):7,.0f} events/s,"
        f" {statistics.median(stores) / statistics.median(floors):5.2f} times the floor (best"
        f" {min(stores) / min(floors):5.2f}); {appended / store.commits:5.1f} appends a commit,"
        f" the floor's {appended / floor.commits:5.1f}"
    )
    await store.close()


async def main() -> None:
    """One sender, many senders, and many with batches."""
    logs = [payloads.log(number) for number in range(EVENTS)]
    print(payloads.describe(logs))
    events = mapped(logs)
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=Path.cwd()) as folder:
        for size, senders in ((1, 1), (1, 32), (1, 256), (100, 8)):
            await compare(Path(folder), events, size, senders)


if __name__ == "__main__":
    asyncio.run(main())
