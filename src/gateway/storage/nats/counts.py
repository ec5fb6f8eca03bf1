"""Counts what the cluster holds, from the subjects of its streams."""

from __future__ import annotations

from collections import Counter
from typing import Any

from nats.aio.client import Client

from ..records import StoreCounts, StoreSpace
from . import cursor
from .api import ask, read
from .chunk import name_of
from .streams import Streams


async def counts(client: Client, streams: Streams) -> StoreCounts:
    """How much is kept: three requests, and one for each source of which events wait."""
    events, dead = await _state(client, streams.events), await _state(client, streams.dead)
    undelivered: Counter[str] = Counter()
    messages: Counter[str] = Counter()
    for subject, count in (events.get("subjects") or {}).items():
        _, _, source, size = subject.split(".")
        undelivered[source] += int(size) * count
        messages[source] += count
    letters = Counter(dict.fromkeys(undelivered, 0))
    for subject, count in (dead.get("subjects") or {}).items():
        letters[subject.split(".")[1]] += count
    async for message in read(client, streams.state, multi_last=[f"{streams.state}.>"], batch=10_000):
        source = message.subject.split(".")[2]
        settled = cursor.decode(message.data).settled
        undelivered[source] -= sum(map(len, settled.values()))
        letters[source] += 0
    oldest = {
        name_of(source): await _oldest(client, streams.events, source)
        for source in undelivered
        if undelivered[source] > 0
    }
    known = {source: at for source, at in oldest.items() if at is not None}
    return StoreCounts(
        undelivered=sum(undelivered.values()),
        oldest=min(known.values(), default=None),
        dead_letters=letters.total(),
        bytes=events["bytes"] + dead["bytes"],
        by_source={name_of(source): (undelivered[source], letters[source]) for source in sorted(letters)},
        bytes_by_source={},
        oldest_by_source=known,
        space=StoreSpace(events=events["bytes"], dead_letters=dead["bytes"]),
    )


async def _state(client: Client, stream: str) -> dict[str, Any]:
    info = await ask(client, f"STREAM.INFO.{stream}", subjects_filter=f"{stream}.>")
    state: dict[str, Any] = info["state"]
    return state


async def _oldest(client: Client, stream: str, source: str) -> float | None:
    """When the first message of a source was accepted."""
    async for message in read(client, stream, seq=1, batch=1, next_by_subj=f"{stream}.*.{source}.>"):
        return message.at
    return None
