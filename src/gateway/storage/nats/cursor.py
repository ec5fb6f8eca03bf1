"""Keeps, for one bucket and source, what is delivered: all up to a floor, and some events above it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

import msgspec
from nats.aio.client import Client

from .api import last
from .publisher import Publisher


class Progress(msgspec.Struct, array_like=True):
    """What of a log is delivered or dead.

    Attributes:
        floor: all messages up to this sequence are.
        settled: the places of events that are, in messages above the floor, by sequence.
        refusals: how often an event was refused alone, by its number.
    """

    floor: int = 0
    settled: dict[int, set[int]] = msgspec.field(default_factory=dict)
    refusals: dict[int, int] = msgspec.field(default_factory=dict)


decode = msgspec.msgpack.Decoder(Progress).decode


@dataclass(slots=True)
class Cursor:
    """The progress of one log, which only the gateway that wrote it last may change.

    Attributes:
        subject: where it is kept.
        progress: what it is.
    """

    subject: str
    progress: Progress
    _publisher: Publisher
    _revision: int
    _owner: str = field(default_factory=lambda: uuid.uuid4().hex)
    _writes: int = 0

    async def save(self) -> None:
        """Keep the progress.

        Raises:
            ApiError: with code `STALE`: another gateway has taken the log over.
        """
        self._writes += 1
        data = msgspec.msgpack.encode(self.progress)
        id_ = f"{self._owner}-{self._writes}"
        self._revision = await self._publisher.publish(self.subject, data, id_, expected=self._revision)


async def take_over(client: Client, publisher: Publisher, stream: str, subject: str) -> Cursor:
    """Read the progress of a log, and write it again, so that whoever owned it before can settle nothing."""
    kept = await last(client, stream, subject)
    progress = decode(kept.data) if kept else Progress()
    cursor = Cursor(subject, progress, publisher, kept.sequence if kept else 0)
    await cursor.save()
    return cursor
