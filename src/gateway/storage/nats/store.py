"""Keeps events in NATS JetStream, for any number of gateways on one cluster."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import TypeVar

import msgspec
import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from ....core.errors import SpringheadError
from ..records import (
    ClaimedEvent,
    DeadEvent,
    DeadLetter,
    DeadLetterSummary,
    NewDeadLetter,
    NewEvent,
    Receipt,
    Removal,
    StoreBusy,
    StoreCounts,
    StoredCall,
    StoreFull,
)
from ..shared import ClusterStats
from .api import ApiError, ask, read
from .append import Appender
from .chunk import token
from .claims import claim
from .connection import connect
from .counts import counts
from .cursor import take_over
from .letters import Letters
from .options import NatsOptions
from .ownership import BUCKETS, ROUND_SECONDS, Ownership
from .publisher import HEADERS, STALE, Publisher
from .seen import Accepted, Seen, digest, digest_of_replay
from .source_log import SourceLog
from .streams import ensure, streams_of

T = TypeVar("T")

_READY_SECONDS = 2.0
"""How old the last write may be: nothing else tells that most nodes are gone."""
_FORGOTTEN = "forgotten"
"""The subject of events that may be accepted again; all gateways read it."""
_SWEPT = 500
"""The most dead letters that one sweep deletes for each reason."""
_MARGIN = 16_384
"""Bytes of room in the stream of events below which it counts as full."""

_log = structlog.get_logger()
_decode_accepted = msgspec.msgpack.Decoder(list[Accepted]).decode


class NatsStore:
    """Keeps events in the streams of a cluster. A gateway delivers those of the buckets that it owns.

    A call is answered once most nodes have all of it. After an error a part may be kept, and delivered; what
    the sender sends again is then recognised, if not at once, then before it is delivered.
    """

    def __init__(self, options: NatsOptions) -> None:
        """Nothing is connected before `open`."""
        self._options = options
        self._streams = streams_of(options.name)
        self._logs: dict[tuple[int, str], SourceLog] = {}
        self._opening: dict[tuple[int, str], asyncio.Task[SourceLog]] = {}
        self._appended: dict[tuple[int, str], int] = {}
        self.renewing: asyncio.Task[None] | None = None
        self._replaying = asyncio.Lock()
        self._is_closed = True
        self._report: Callable[[], bytes] = bytes
        self._heard: Callable[[Mapping[str, bytes]], object] = len
        self._received: Callable[[bytes], object] = len

    def share(
        self,
        report: Callable[[], bytes],
        heard: Callable[[Mapping[str, bytes]], None],
        received: Callable[[bytes], None],
    ) -> None:
        """As `SharedStore.share`."""
        self._report, self._heard, self._received = report, heard, received

    async def broadcast(self, data: bytes) -> None:
        """As `SharedStore.broadcast`."""
        if self._client.is_connected:
            with suppress(nats.errors.Error):
                await self._client.publish(f"{self._options.name}-live.{self._ownership.id}", data)

    async def _receive(self, message: Msg) -> None:
        if message.subject.rpartition(".")[2] != self._ownership.id:
            self._received(message.data)

    def stats(self) -> ClusterStats:
        """As `SharedStore.stats`."""
        age = time.monotonic() - self._publisher.written_at
        return ClusterStats(
            buckets=len(self.owned),
            unowned=self._ownership.unowned,
            written_at=time.time() - age,
            publishes=self._publisher.publishes,
            reconnects=self._client.stats["reconnects"],
        )

    @property
    def owned(self) -> list[int]:
        """The buckets whose events this gateway delivers."""
        return [bucket for bucket in range(BUCKETS) if self._ownership.owns(bucket)]

    @property
    def location(self) -> str:
        """As `Store.location`."""
        return self._options.location

    async def open(self, *, delivers: bool = True) -> None:
        """As `Store.open`.

        Raises:
            StoreUnusable: the cluster cannot be reached, or is not what the store needs.
        """
        options, streams = self._options, self._streams
        self._client: Client = await connect(options)
        try:
            await ensure(self._client, options)
            created = (await ask(self._client, f"STREAM.INFO.{streams.events}"))["created"]
        except BaseException:
            await self._client.close()
            raise
        path = options.folder / f"seen-{token(options.name)}.sqlite"
        self._seen = Seen(path, options.window, created)
        self._publisher = Publisher(self._client, options.patience)
        limit = self._client.max_payload - HEADERS
        self._letters = Letters(self._client, self._publisher, streams.dead, limit)
        self._appender = Appender(
            self._publisher, self._seen, streams.events, limit, self.location, options.max_waiting, self._note
        )
        self._ownership = Ownership(
            self._client, self._publisher, streams.leases, self._take, self._lose, self._is_idle, self._report
        )
        await self._read_seen(_FORGOTTEN)
        self._is_closed = False
        if delivers:
            await self._client.subscribe(f"{options.name}-live.*", cb=self._receive)
            self._heard(await self._ownership.others())
            await self._ownership.renew()
            self.renewing = asyncio.create_task(self._renew())

    async def append(
        self,
        events: Sequence[NewEvent],
        dead_letters: Sequence[NewDeadLetter],
        call: StoredCall | None,
        *,
        replacing: Mapping[int, int] = MappingProxyType({}),
    ) -> Receipt:
        """As `Store.append`."""
        if self._is_closed:
            raise StoreBusy(f"{self.location} is being closed")
        if not replacing:
            return await self._append(events, dead_letters, call, {})
        async with self._replaying:  # another gateway's replay of a letter has the same digests
            taken = [await self._letters.take(id_, count) for id_, count in replacing.items()]
            digests = {
                kept.original: digest_of_replay(kept.original, id_)
                for id_, (_, kept) in zip(replacing, taken, strict=True)
                if kept.original
            }
            receipt = await self._append(events, dead_letters, call, digests)
            for (subject, _), count in zip(taken, replacing.values(), strict=True):
                await self._letters.remove(subject, count)
        return receipt

    async def _append(
        self,
        events: Sequence[NewEvent],
        dead_letters: Sequence[NewDeadLetter],
        call: StoredCall | None,
        replays: Mapping[bytes, bytes],
    ) -> Receipt:
        kept_call = call if self._options.keep_calls else None
        receipt = Receipt(0, (), ())
        if events:
            receipt = await self._appender.append(events, kept_call, replays)
        ids = await self._letters.add(dead_letters, call) if dead_letters else ()
        return msgspec.structs.replace(receipt, dead_letters=ids)

    async def probe(self, sources: Collection[str]) -> None:  # noqa: ARG002 - the room is that of all sources
        """As `Store.probe`."""
        if time.monotonic() - self._publisher.written_at > _READY_SECONDS:
            subject = f"{self._streams.leases}.probe.{self._ownership.id}"
            await self._publisher.publish(subject, b"", uuid.uuid4().hex, ttl=1, patience=2.0)
        limit = self._options.max_bytes
        state = (await ask(self._client, f"STREAM.INFO.{self._streams.events}"))["state"]
        if limit is not None and state["bytes"] + _MARGIN > limit:
            raise StoreFull(f"{self._streams.events} has reached its limit of {limit} bytes")

    async def claim(  # noqa: PLR0913 - as the interface
        self, source: str, lane: int, lanes: int, *, events: int, size: int, lease: float
    ) -> list[ClaimedEvent]:
        """As `Store.claim`, of the buckets that this gateway owns."""
        if lane not in range(lanes) or BUCKETS % lanes:
            raise ValueError(f"no lane {lane} of {lanes}: there may be 1, 2, 4, 8 or 16, counted from 0")
        buckets = [bucket for bucket in self.owned if bucket % lanes == lane]
        logs = await asyncio.gather(*(self._log_of(bucket, source) for bucket in buckets))
        await asyncio.gather(*(self._guarded(log, log.fetch()) for log in logs))
        owned = [log for log in logs if self._logs.get((log.bucket, source)) is log]
        return claim(owned, events, size, lease)

    async def claim_behind(self, seq: int, *, refusals_below: int, lease: float) -> ClaimedEvent | None:
        """As `Store.claim_behind`."""
        for log in self._logs.values():
            if one := log.behind(seq, refusals_below):
                return None if one.lease_until > time.monotonic() else log.claimed(one, lease)
        return None

    async def acknowledge(self, delivered: Sequence[int], dead: Sequence[DeadEvent] = ()) -> None:
        """As `Store.acknowledge`; what is no longer this gateway's is delivered again by its owner."""
        reasons = {one.seq: one for one in dead}
        numbers = [*delivered, *reasons]
        await asyncio.gather(
            *(self._guarded(log, self._settle(log, numbers, reasons)) for log in list(self._logs.values()))
        )

    async def _settle(self, log: SourceLog, numbers: Sequence[int], dead: Mapping[int, DeadEvent]) -> None:
        for number, one in dead.items():
            if waiting := log.waiting.get(number):
                if not self._ownership.owns(log.bucket):
                    raise StoreBusy(f"{self.location}: bucket {log.bucket} may be another gateway's by now")
                event = waiting.packed
                letter = NewDeadLetter(log.source, one.rule, one.reason, event=event.event, answer=one.answer)
                accepted = Accepted(event.digest, number, waiting.accepted_at)
                original = digest(log.source, event.message_id)
                await self._letters.add_dead_event(letter, waiting.call, accepted, original)
        await log.settle([number for number in numbers if number in log.waiting])

    async def release(self, seqs: Sequence[int]) -> None:
        """As `Store.release`."""
        now = time.monotonic()
        for log in self._logs.values():
            for seq in seqs:
                if one := log.waiting.get(seq):
                    one.lease_until = min(one.lease_until, now)

    async def postpone(self, seq: int, *, refusals: int, seconds: float) -> None:
        """As `Store.postpone`."""
        for log in list(self._logs.values()):
            if seq in log.waiting:
                await self._guarded(log, log.postpone(seq, refusals, seconds))

    async def dead_letters(  # noqa: PLR0913 - as the interface
        self,
        *,
        source: str | None = None,
        rule: str | None = None,
        older_than: float | None = None,
        younger_than: float | None = None,
        after: int = 0,
        newest: bool = False,
        limit: int = 100,
    ) -> list[DeadLetterSummary]:
        """As `Store.dead_letters`; a letter that comes again has a new id, and is the newest."""
        now = time.time()
        return await self._letters.summaries(
            source=source,
            rule=rule,
            before=None if older_than is None else now - older_than,
            since=None if younger_than is None else now - younger_than,
            after=after,
            newest=newest,
            limit=limit,
        )

    async def dead_letter(self, id: int) -> DeadLetter | None:  # noqa: A002 - as the interface
        """As `Store.dead_letter`."""
        return await self._letters.whole(id)

    async def drop(self, ids: Sequence[int]) -> int:
        """As `Store.drop`."""
        dropped, accepted = await self._letters.drop(ids)
        if accepted:
            subject, data = f"{self._streams.seen}.{_FORGOTTEN}", msgspec.msgpack.encode(accepted)
            await self._publisher.publish_once(subject, data)
            self._seen.forget(accepted)
        return dropped

    async def counts(self) -> StoreCounts:
        """As `Store.counts`."""
        return await counts(self._client, self._streams)

    async def sweep(self) -> list[Removal]:
        """As `Store.sweep`."""
        self._seen.prune(time.time())
        old = await self.dead_letters(older_than=self._options.dead_letter_age, limit=_SWEPT)
        await self.drop([letter.id for letter in old])
        state = (await ask(self._client, f"STREAM.INFO.{self._streams.dead}"))["state"]
        excess = state["bytes"] - self._options.dead_letter_bytes
        large: list[DeadLetterSummary] = []
        for letter in await self.dead_letters(limit=_SWEPT) if excess > 0 else []:
            if excess <= 0:
                break
            large.append(letter)
            excess -= letter.bytes
        await self.drop([letter.id for letter in large])
        removed = Counter([(letter.source, "age") for letter in old] + [(one.source, "size") for one in large])
        return [Removal(source, "dead_letter", reason, count) for (source, reason), count in removed.items()]

    async def close(self) -> None:
        """As `Store.close`."""
        if self._is_closed:
            return
        self._is_closed = True
        await self._appender.finish()
        if self.renewing is not None:
            self.renewing.cancel()
            with suppress(asyncio.CancelledError):
                await self.renewing
            with suppress(SpringheadError):
                await self._ownership.leave()
        await self._client.close()
        self._seen.close()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(ROUND_SECONDS)
            try:
                await self._ownership.renew()
                self._heard(await self._ownership.others())
                await self._read_seen(_FORGOTTEN)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next round may succeed
                _log.warning("leases of buckets cannot be renewed; retrying", reason=str(error))

    def _note(self, bucket: int, source: str, sequence: int) -> None:
        """Have the next claim look for what was just appended."""
        self._appended[bucket, source] = sequence
        if log := self._logs.get((bucket, source)):
            log.appended = max(log.appended, sequence)

    async def _take(self, bucket: int) -> None:
        await self._read_seen(str(bucket))

    def _lose(self, bucket: int) -> None:
        for place in [place for place in self._logs if place[0] == bucket]:
            del self._logs[place]

    def _is_idle(self, bucket: int) -> bool:
        return not any(log.is_leased for place, log in self._logs.items() if place[0] == bucket)

    async def _log_of(self, bucket: int, source: str) -> SourceLog:
        place = bucket, source
        if log := self._logs.get(place):
            return log
        if place not in self._opening:
            self._opening[place] = asyncio.create_task(self._open_log(bucket, source))
        try:
            return await self._opening[place]
        finally:
            self._opening.pop(place, None)

    async def _open_log(self, bucket: int, source: str) -> SourceLog:
        streams = self._streams
        subject = f"{streams.state}.{bucket}.{token(source)}"
        cursor = await take_over(self._client, self._publisher, streams.state, subject)
        log = SourceLog(
            source,
            bucket,
            streams.events,
            f"{streams.seen}.{bucket}",
            cursor,
            self._client,
            self._publisher,
            self._seen,
        )
        log.appended = self._appended.get((bucket, source), 0)
        if self._ownership.owns(bucket):
            self._logs[bucket, source] = log
        return log

    async def _guarded(self, log: SourceLog, work: object) -> None:
        """Do something to a log, and leave it alone if another gateway has taken it over."""
        try:
            await work  # type: ignore[misc]
        except ApiError as error:
            if error.code != STALE:
                raise StoreBusy(f"{self.location}: {error}") from None
            if self._logs.get((log.bucket, log.source)) is log:
                del self._logs[log.bucket, log.source]

    async def _read_seen(self, name: str) -> None:
        """Bring the file of what was accepted up to date with one subject of the stream."""
        stream = self._streams.seen
        subject = f"{stream}.{name}"
        start = self._seen.position(subject) + 1
        while True:
            before = start
            async for message in read(
                self._client, stream, seq=start, batch=256, max_bytes=2**21, next_by_subj=subject
            ):
                accepted = _decode_accepted(message.data)
                change = self._seen.forget if name == _FORGOTTEN else self._seen.remember
                change(accepted, subject=subject, sequence=message.sequence)
                start = message.sequence + 1
            if start == before:
                return
