"""Keeps events in NATS JetStream, for any number of gateways on one cluster."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType

import msgspec
import structlog
from nats.aio.client import Client

from ....core.errors import SpringheadError
from ....server.log import RateLimitedLogger
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
    StoreUnusable,
)
from ..shared import ClusterStats
from .api import ask, server_time, until_answered
from .append import Appender
from .chunk import token
from .connection import connect, denial
from .counts import StoreCounter
from .dead_letters import DeadLetters
from .exchange import Exchange
from .hints import Hints
from .letter_reader import LetterReader
from .letters import Letters
from .options import NatsOptions
from .outbox import Outbox
from .ownership import BUCKETS, ROUND_SECONDS, Ownership
from .publisher import HEADERS, Publisher
from .queue import Queue
from .seen import Seen
from .seen_stream import SeenStream
from .source_logs import SourceLogs
from .streams import ensure, streams_of

_READY_SECONDS = 2.0
"""How old the last write may be: nothing else tells that most servers are gone."""
_ELECTION_SECONDS = 15.0
"""How long a store that is opened waits for a leader: an election takes 4 to 9 seconds."""
_LETTER = 4_096
"""Bytes that a dead letter may take more than its event."""
_MARGIN = 16_384
"""Bytes of room in the stream of events below which it counts as full."""

_log = structlog.get_logger()


class NatsStore:
    """Keeps events in the streams of a cluster. A gateway delivers those of the buckets that it owns.

    A call is answered once most servers have all of it. After an error a part may be kept, and delivered; what
    the sender sends again is then recognised, if not at once, then before it is delivered.
    """

    def __init__(self, options: NatsOptions) -> None:
        """Nothing is connected before `open`."""
        self._options = options
        self._streams = streams_of(options.name)
        self.renewing: asyncio.Task[None] | None = None
        self._wake: Callable[[str], None] = lambda _source: None
        self._is_closed = True
        self._exchange = Exchange()

    def share(
        self,
        report: Callable[[], bytes],
        heard: Callable[[Mapping[str, bytes]], None],
        received: Callable[[bytes], None],
    ) -> None:
        """As `SharedStore.share`."""
        self._exchange.report, self._exchange.heard, self._exchange.received = report, heard, received

    async def broadcast(self, data: bytes) -> None:
        """As `SharedStore.broadcast`."""
        await self._exchange.broadcast(data)

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
        return [bucket for bucket in range(BUCKETS) if self._owns(bucket)]

    @property
    def read_ahead(self) -> int:
        """About how many bytes of events that wait are in memory."""
        return self._logs.held()

    @property
    def location(self) -> str:
        """As `Store.location`."""
        return self._options.location

    @property
    def identity(self) -> str:
        """As `Store.identity`."""
        return f"{self._streams.events} of {self._created}"

    async def open(self, *, delivers: bool = True, alone: bool = False) -> None:
        """As `Store.open`.

        Raises:
            StoreUnusable: the cluster cannot be reached, or is not what the store needs.
            StoreBusy: `alone`, and another gateway is there.
        """
        await self._connect()
        self._make_parts()
        self._is_closed = False
        if alone and not await self._ownership.is_alone():
            raise StoreBusy(f"a gateway delivers from {self.location}: stop all of them first")
        if delivers:
            await self._hints.listen()
            await self._exchange.join(self._client, self._ownership, f"{self._options.name}-live")
        with suppress(StoreBusy):  # the next round may succeed
            await self._seen_stream.read_forgotten()
            if delivers:
                await self._exchange.hear()
                await self._ownership.renew()
        if delivers:
            self.renewing = asyncio.create_task(self._renew())

    async def _connect(self) -> None:
        self._client: Client = await connect(self._options)
        try:
            self._created = await until_answered(self._prepare, _ELECTION_SECONDS)
        except StoreBusy as error:
            await self._client.close()
            reason = denial(self._client) or f"{error}; check that most of its servers run, with JetStream"
            raise StoreUnusable(f"{self.location} cannot be opened: {reason}") from None
        except BaseException:
            await self._client.close()
            raise

    async def _prepare(self) -> str:
        """Make the streams that are missing, and return when that of the events was made."""
        await ensure(self._client, self._options)
        created: str = (await ask(self._client, f"STREAM.INFO.{self._streams.events}"))["created"]
        return created

    def _make_parts(self) -> None:
        options, streams, client = self._options, self._streams, self._client
        path = options.folder / f"seen-{token(options.name)}.sqlite"
        self._seen = Seen(path, options.window, self._created)
        self._publisher = publisher = Publisher(client, options.patience)
        limit = client.max_payload - HEADERS
        outbox = Outbox(publisher, self._seen, streams.events, limit - _LETTER, self._published)
        self._appender = Appender(outbox, self._seen, self.location, options.max_waiting, options.patience)
        self._hints = Hints(client, f"{options.name}-appended", self._note)
        self._seen_stream = seen_stream = SeenStream(client, publisher, streams.seen, self._seen)
        self._counter = StoreCounter(client, streams)
        letters, reader = Letters(client, publisher, streams.dead, limit), LetterReader(client, streams.dead)
        self._dead_letters = DeadLetters(letters, reader, self._counter, seen_stream, options)
        self._logs = logs = SourceLogs(
            client, publisher, self._seen, seen_stream, streams, self._created, self._owns
        )
        self._queue = Queue(logs, letters, seen_stream, self.location)
        gained, lost, idle = seen_stream.read_bucket, logs.lose, logs.is_idle
        report = self._exchange.report
        self._ownership = Ownership(client, publisher, streams.leases, gained, lost, idle, report)

    def on_append(self, appended: Callable[[str], None]) -> None:
        """As `Store.on_append`, of the events in buckets that this gateway owns."""
        self._wake = appended

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
        kept_call = call if self._options.keep_calls else None
        async with self._dead_letters.replaying(replacing) as replays:
            receipt = Receipt(0, (), ())
            if events:
                receipt = await self._appender.append(events, kept_call, replays)
            ids = await self._dead_letters.letters.add(dead_letters, call)
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
        return await self._queue.claim(source, lane, lanes, events=events, size=size, lease=lease)

    async def claim_behind(self, seq: int, *, refusals_below: int, lease: float) -> ClaimedEvent | None:
        """As `Store.claim_behind`."""
        return await self._queue.claim_behind(seq, refusals_below=refusals_below, lease=lease)

    async def acknowledge(self, delivered: Sequence[int], dead: Sequence[DeadEvent] = ()) -> None:
        """As `Store.acknowledge`; what is no longer this gateway's is delivered again by its owner."""
        await self._queue.acknowledge(delivered, dead)

    async def hand_over(self, seqs: Sequence[int]) -> None:
        """As `Store.hand_over`."""
        await self._queue.hand_over(seqs)

    async def adopt(self, letter: DeadLetter, key: bytes) -> None:
        """As `Store.adopt`."""
        await self._dead_letters.letters.adopt(letter, key)

    async def release(self, seqs: Sequence[int]) -> None:
        """As `Store.release`."""
        self._queue.release(seqs)

    async def postpone(self, seq: int, *, refusals: int, seconds: float) -> None:
        """As `Store.postpone`."""
        await self._queue.postpone(seq, refusals=refusals, seconds=seconds)

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
        return await self._dead_letters.find(
            source=source,
            rule=rule,
            older_than=older_than,
            younger_than=younger_than,
            after=after,
            newest=newest,
            limit=limit,
        )

    async def dead_letter(self, id: int) -> DeadLetter | None:  # noqa: A002 - as the interface
        """As `Store.dead_letter`."""
        return await self._dead_letters.reader.whole(id)

    async def drop(self, ids: Sequence[int]) -> int:
        """As `Store.drop`."""
        return await self._dead_letters.drop(ids)

    async def counts(self) -> StoreCounts:
        """As `Store.counts`."""
        return await self._counter.counts()

    async def sweep(self) -> list[Removal]:
        """As `Store.sweep`: what expires does so by two clocks, this machine's and a server's."""
        now = min(time.time(), await server_time(self._client, self._streams.dead))
        await self._seen.prune(now)
        return await self._dead_letters.sweep(now)

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
        await self._seen.close()

    async def _renew(self) -> None:
        limited_log, failed = RateLimitedLogger(_log), False
        while not self._is_closed:  # before Python 3.12, asyncio.wait_for loses a cancellation now and then
            await asyncio.sleep(ROUND_SECONDS)
            try:
                await self._ownership.renew()
                await self._exchange.hear()
                await self._seen_stream.read_forgotten()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next round may succeed
                failed, reason = True, str(error)
                limited_log.warning("renew", "leases of buckets cannot be renewed; retrying", reason=reason)
            else:
                if failed:
                    _log.info("leases of buckets are renewed again")
                failed = False

    def _owns(self, bucket: int) -> bool:
        return self._ownership.owns(bucket)

    def _note(self, bucket: int, source: str, sequence: int) -> None:
        """Have the next claim look for what was just appended, and whoever claims do so now."""
        self._logs.note(bucket, source, sequence)
        if self._owns(bucket):
            self._wake(source)

    def _published(self, bucket: int, source: str, sequence: int) -> None:
        """Have the owner of a bucket look for what this gateway has just appended."""
        self._note(bucket, source, sequence)
        if not self._owns(bucket):
            self._hints.send(bucket, source, sequence)
