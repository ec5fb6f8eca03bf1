"""Counts what the cluster holds, from the subjects of its streams."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from nats.aio.client import Client

from ..records import StoreCounts, StoreSpace
from . import cursor
from .api import ask, read, read_all, subjects_of
from .chunk import name_of
from .kept_letter import source_and_size
from .streams import Streams


@dataclass(slots=True)
class StoreCounter:
    """Counts events by the sizes that their subjects tell, and dead letters again once any came or went."""

    _client: Client
    _streams: Streams
    _dead_state: dict[str, Any] = field(default_factory=dict)
    _letters: Counter[str] = field(default_factory=Counter)
    _letter_bytes: Counter[str] = field(default_factory=Counter)

    async def counts(self) -> StoreCounts:
        """How much is kept: a few requests, and one for each source of which events wait."""
        events = await self._state(self._streams.events)
        undelivered = await self._undelivered()
        await self._count_letters()
        oldest = {source: await self._oldest(source) for source, count in undelivered.items() if count > 0}
        known = {name_of(source): at for source, at in oldest.items() if at is not None}
        sources = sorted({*undelivered, *self._letters})
        total = undelivered.total() or 1
        event_bytes = {source: events["bytes"] * undelivered[source] // total for source in sources}
        return StoreCounts(
            undelivered=undelivered.total(),
            oldest=min(known.values(), default=None),
            dead_letters=self._letters.total(),
            bytes=events["bytes"] + self._dead_state["bytes"],
            by_source={name_of(source): (undelivered[source], self._letters[source]) for source in sources},
            bytes_by_source={
                name_of(source): event_bytes[source] + self._letter_bytes[source] for source in sources
            },
            oldest_by_source=known,
            space=StoreSpace(events=events["bytes"], dead_letters=self._dead_state["bytes"]),
        )

    async def letter_bytes(self) -> Counter[str]:
        """About how many bytes the dead letters of each source take."""
        await self._count_letters()
        return Counter({name_of(source): size for source, size in self._letter_bytes.items()})

    async def _undelivered(self) -> Counter[str]:
        """How many events of each source wait, by its token; 0 for one of which none does."""
        undelivered: Counter[str] = Counter()
        for subject, count in (await subjects_of(self._client, self._streams.events)).items():
            _, _, source, size = subject.split(".")
            undelivered[source] += int(size) * count
        settled = {  # a subject that is written meanwhile is read twice
            message.subject: sum(cursor.decode(message.data).settled.values())
            async for message in read_all(self._client, self._streams.state, f"{self._streams.state}.>")
        }
        for subject, count in settled.items():
            undelivered[subject.split(".")[2]] -= count
        return Counter({source: max(count, 0) for source, count in undelivered.items()})

    async def _count_letters(self) -> None:
        state = await self._state(self._streams.dead)
        if state == self._dead_state:
            return
        self._dead_state = state
        self._letters, self._letter_bytes = Counter(), Counter()
        for subject in await subjects_of(self._client, self._streams.dead):
            source, size = source_and_size(subject)
            self._letters[source] += 1
            self._letter_bytes[source] += size

    async def _state(self, stream: str) -> dict[str, Any]:
        state: dict[str, Any] = (await ask(self._client, f"STREAM.INFO.{stream}"))["state"]
        return state

    async def _oldest(self, source: str) -> float | None:
        """When the first message of a source was accepted."""
        stream = self._streams.events
        async for message in read(self._client, stream, seq=1, batch=1, next_by_subj=f"{stream}.*.{source}.>"):
            return message.at
        return None
