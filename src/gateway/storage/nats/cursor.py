"""Keeps, for one bucket and source, what is delivered: all up to a message, but for the events that wait."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

import msgspec
from nats.aio.client import Client

from .api import ApiError, last
from .publisher import STALE, Publisher


class Progress(msgspec.Struct, array_like=True):
    """What of a log is delivered or dead.

    Attributes:
        floor: all messages up to this sequence are.
        top: all messages up to this sequence are, too, but for the events in `waiting`.
        waiting: the indexes of the events that are not, by the sequence of their message.
        settled: how many events are, by the sequence of a message in `waiting`.
        refusals: how often an event was refused alone, by its number.
        owner: who wrote it.
        created: when the stream of events was made that the sequences are of.
    """

    floor: int = 0
    top: int = 0
    waiting: dict[int, list[int]] = msgspec.field(default_factory=dict)
    settled: dict[int, int] = msgspec.field(default_factory=dict)
    refusals: dict[int, int] = msgspec.field(default_factory=dict)
    owner: str = ""
    created: str = ""


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
    _client: Client
    _publisher: Publisher
    _stream: str
    _revision: int
    _owner: str = field(default_factory=lambda: uuid.uuid4().hex)
    _writes: int = 0

    async def save(self) -> None:
        """Keep the progress.

        Raises:
            ApiError: with code `STALE`: another gateway has taken the log over.
        """
        self.progress.owner = self._owner
        try:
            await self._write()
        except ApiError as error:
            if error.code != STALE or not await self._catch_up():
                raise
            await self._write()

    async def _write(self) -> None:
        self._writes += 1
        data = msgspec.msgpack.encode(self.progress)
        id_ = f"{self._owner}-{self._writes}"
        self._revision = await self._publisher.publish(self.subject, data, id_, expected=self._revision)

    async def _catch_up(self) -> bool:
        """Whether this gateway wrote last: a write was kept whose answer was lost."""
        kept = await last(self._client, self._stream, self.subject)
        if kept is None or decode(kept.data).owner != self._owner:
            return False
        self._revision = kept.sequence
        return True


async def take_over(  # noqa: PLR0913, PLR0917 - where it is, and what it is the progress of
    client: Client, publisher: Publisher, stream: str, subject: str, created: str, end: int
) -> Cursor:
    """Read the progress of a log, and write it again, so that whoever owned it before can settle nothing.

    It says nothing of the events that are there now if their stream was made at another time, or if it ends
    before: a power cut may have taken the last ones from disks that had not synced them.

    Args:
        client: the connection.
        publisher: writes the progress.
        stream: where the progress of all logs is kept.
        subject: that of this log.
        created: when the stream of events was made.
        end: the last sequence of the stream of events.
    """
    kept = await last(client, stream, subject)
    progress = decode(kept.data) if kept else Progress()
    if progress.created != created or progress.floor > end:
        progress = Progress(created=created)
    cursor = Cursor(subject, progress, client, publisher, stream, kept.sequence if kept else 0)
    await cursor.save()
    return cursor
