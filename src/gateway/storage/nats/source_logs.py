"""Holds the logs of the buckets that a gateway owns, within one limit of memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from nats.aio.client import Client

from ..records import StoreBusy
from .api import ApiError, ask
from .chunk import token
from .cursor import take_over
from .ownership import BUCKETS
from .publisher import STALE, Publisher
from .seen import Seen
from .seen_stream import SeenStream
from .source_log import SourceLog
from .streams import Streams

_MAX_BYTES = 2**26
"""About the most memory for all events that are read ahead, but for one message of each log."""
_MAX_READ = 2**20
"""The most bytes of events to read at once."""
_MIN_READ = 2**16
"""Below this a log reads only if it holds less than this."""


@dataclass(slots=True)
class SourceLogs:
    """The logs that are open, by bucket and source.

    Attributes:
        owns: whether a bucket is this gateway's.
    """

    _client: Client
    _publisher: Publisher
    _seen: Seen
    _seen_stream: SeenStream
    _streams: Streams
    _created: str
    owns: Callable[[int], bool]
    _logs: dict[tuple[int, str], SourceLog] = field(default_factory=dict)
    _opening: dict[tuple[int, str], asyncio.Task[SourceLog]] = field(default_factory=dict)
    _appended: dict[tuple[int, str], int] = field(default_factory=dict)

    async def fetch(self, source: str, buckets: Sequence[int]) -> list[SourceLog]:
        """The logs of a source in these buckets, with what was appended to them."""
        logs = await asyncio.gather(*(self._log_of(bucket, source) for bucket in buckets))
        await asyncio.gather(*(self.guard(log, log.fetch()) for log in logs))
        return [log for log in logs if self._logs.get((log.bucket, source)) is log]

    def note(self, bucket: int, source: str, sequence: int) -> None:
        """Have the next claim look for what was just appended."""
        key = bucket, source
        self._appended[key] = max(self._appended.get(key, 0), sequence)
        if log := self._logs.get(key):
            log.appended = self._appended[key]

    def lose(self, bucket: int) -> None:
        """Leave the logs of a bucket to another gateway."""
        for key in [key for key in self._logs if key[0] == bucket]:
            del self._logs[key]

    def is_idle(self, bucket: int) -> bool:
        """Whether nothing of a bucket is being sent."""
        return not any(log.waiting.is_leased for log in self if log.bucket == bucket)

    def held(self, source: str | None = None) -> int:
        """About how many bytes of memory the events of all sources take, or of one."""
        return sum(log.waiting.bytes for log in self if source in {None, log.source})

    async def guard(self, log: SourceLog, work: Awaitable[None]) -> None:
        """Do something to a log, and leave it alone if another gateway has taken it over."""
        try:
            await work
        except ApiError as error:
            if error.code != STALE:
                raise StoreBusy(str(error)) from None
            if self._logs.get((log.bucket, log.source)) is log:
                del self._logs[log.bucket, log.source]

    def __iter__(self) -> Iterator[SourceLog]:
        return iter(list(self._logs.values()))

    async def _log_of(self, bucket: int, source: str) -> SourceLog:
        key = bucket, source
        if log := self._logs.get(key):
            return log
        if key not in self._opening:
            self._opening[key] = asyncio.create_task(self._open(bucket, source))
        try:
            return await asyncio.shield(self._opening[key])
        except ApiError as error:  # another gateway has just taken it over
            raise StoreBusy(str(error)) from None
        finally:
            self._opening.pop(key, None)

    async def _open(self, bucket: int, source: str) -> SourceLog:
        streams = self._streams
        subject = f"{streams.state}.{bucket}.{token(source)}"
        end = (await ask(self._client, f"STREAM.INFO.{streams.events}"))["state"]["last_seq"]
        cursor = await take_over(self._client, self._publisher, streams.state, subject, self._created, end)
        log = SourceLog(
            source,
            bucket,
            streams.events,
            f"{streams.seen}.{bucket}",
            cursor,
            self._room,
            self._client,
            self._publisher,
            self._seen,
            self._seen_stream,
        )
        log.appended = self._appended.get((bucket, source), 0)
        if self.owns(bucket):
            self._logs[bucket, source] = log
        return log

    def _room(self, log: SourceLog) -> int:
        """How many bytes a log may read now.

        A source may hold as much as it leaves free, so that there is always room for one whose events are
        delivered beside those of sources that stand still. Its logs read at the same time, each a part.
        """
        if not log.waiting:  # as of most logs; it takes long to sum up what thousands hold
            return _MIN_READ
        size = min((_MAX_BYTES - self.held() - self.held(log.source)) // (2 * BUCKETS), _MAX_READ)
        if size >= _MIN_READ:
            return size
        return _MIN_READ if log.waiting.bytes < _MIN_READ else 0
