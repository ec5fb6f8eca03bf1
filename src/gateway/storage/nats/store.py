"""Keeps events in NATS JetStream, for any number of gateways on one cluster."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType

import msgspec
import structlog
from nats.aio.client import Client

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
    StoreUnusable,
)
from ..shared import ClusterStats
from .accepted import Accepted, digest, digest_of_replay
from .api import ask, until_answered
from .append import Appender
from .chunk import token
from .claims import claim
from .connection import connect
from .counts import StoreCounter
from .exchange import Exchange
from .hints import Hints
from .letter_list import LetterList
from .letters import Letters
from .options import NatsOptions
from .outbox import Outbox
from .ownership import BUCKETS, ROUND_SECONDS, Ownership
from .publisher import HEADERS, Publisher
from .retention import too_much, too_old
from .seen import Seen
from .seen_stream import SeenStream
from .source_log import SourceLog
from .source_logs import SourceLogs
from .streams import ensure, streams_of

_READY_SECONDS = 2.0
"""How old the last write may be: nothing else tells that most nodes are gone."""
_ELECTION_SECONDS = 15.0
"""How long a store that is opened waits for a leader: an election takes 4 to 9 seconds."""
_MARGIN = 16_384
"""Bytes of room in the stream of events below which it counts as full."""

_log = structlog.get_logger()


class NatsStore:
    """Keeps events in the streams of a cluster. A gateway delivers those of the buckets that it owns.

    A call is answered once most nodes have all of it. After an error a part may be kept, and delivered; what
    the sender sends again is then recognised, if not at once, then before it is delivered.
    """

    def __init__(self, options: NatsOptions) -> None:
        """Nothing is connected before `open`."""
        self._options = options
        self._streams = streams_of(options.name)
        self.renewing: asyncio.Task[None] | None = None
        self._replaying = asyncio.Lock()
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
        options, streams = self._options, self._streams
        self._client: Client = await connect(options)
        try:
            self._created = await until_answered(self._prepare, _ELECTION_SECONDS)
        except StoreBusy as error:
            await self._client.close()
            advice = "check that most of its nodes run, with JetStream"
            raise StoreUnusable(f"{self.location} cannot be opened: {error}; {advice}") from None
        except BaseException:
            await self._client.close()
            raise
        path = options.folder / f"seen-{token(options.name)}.sqlite"
        self._seen = Seen(path, options.window, self._created)
        self._publisher = Publisher(self._client, options.patience)
        limit = self._client.max_payload - HEADERS
        self._letters = Letters(self._client, self._publisher, streams.dead, limit)
        self._letter_list = LetterList(self._client, streams.dead)
        self._counter = StoreCounter(self._client, streams)
        outbox = Outbox(self._publisher, self._seen, streams.events, limit, self._tell)
        self._appender = Appender(outbox, self._seen, self.location, options.max_waiting, options.patience)
        self._seen_stream = SeenStream(self._client, self._publisher, streams.seen, self._seen)
        self._logs = SourceLogs(self._client, self._publisher, self._seen, streams, self._owns)
        self._ownership = Ownership(
            self._client,
            self._publisher,
            streams.leases,
            self._seen_stream.read_bucket,
            self._logs.lose,
            self._logs.is_idle,
            self._exchange.report,
        )
        self._hints = Hints(self._client, f"{options.name}-appended", self._note)
        self._is_closed = False
        if alone and not await self._ownership.is_alone():
            raise StoreBusy(f"a gateway delivers from {self.location}: stop all of them first")
        if delivers:
            await self._hints.listen()
            await self._exchange.join(self._client, self._ownership, f"{options.name}-live")
        with suppress(StoreBusy):  # the next round may succeed
            await self._seen_stream.read_forgotten()
            if delivers:
                await self._exchange.hear()
                await self._ownership.renew()
        if delivers:
            self.renewing = asyncio.create_task(self._renew())

    def on_append(self, appended: Callable[[str], None]) -> None:
        """As `Store.on_append`, of the events in buckets that this gateway owns."""
        self._wake = appended

    async def _prepare(self) -> str:
        """Make the streams that are missing, and return when that of the events was made."""
        await ensure(self._client, self._options)
        created: str = (await ask(self._client, f"STREAM.INFO.{self._streams.events}"))["created"]
        return created

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
        return claim(await self._logs.fetch(source, buckets), events, size, lease)

    async def claim_behind(self, seq: int, *, refusals_below: int, lease: float) -> ClaimedEvent | None:
        """As `Store.claim_behind`."""
        for log in self._logs:
            if one := log.waiting.behind(seq, refusals_below):
                return None if one.lease_until > time.monotonic() else log.claimed(one, lease)
        return None

    async def acknowledge(self, delivered: Sequence[int], dead: Sequence[DeadEvent] = ()) -> None:
        """As `Store.acknowledge`; what is no longer this gateway's is delivered again by its owner."""
        reasons = {one.seq: one for one in dead}
        numbers = [*delivered, *reasons]
        await asyncio.gather(
            *(self._logs.guard(log, self._settle(log, numbers, reasons)) for log in self._logs)
        )

    async def _settle(self, log: SourceLog, numbers: Sequence[int], dead: Mapping[int, DeadEvent]) -> None:
        for number, one in dead.items():
            if waiting := log.waiting.by_number.get(number):
                if not self._owns(log.bucket):
                    raise StoreBusy(f"{self.location}: bucket {log.bucket} may be another gateway's by now")
                event = waiting.packed
                letter = NewDeadLetter(log.source, one.rule, one.reason, event=event.event, answer=one.answer)
                accepted = Accepted(event.digest, number, waiting.accepted_at)
                original = digest(log.source, event.message_id)
                await self._letters.add_dead_event(letter, waiting.call, accepted, original)
        await log.settle([number for number in numbers if number in log.waiting])

    async def hand_over(self, seqs: Sequence[int]) -> None:
        """As `Store.hand_over`."""
        for log in self._logs:
            if waiting := [log.waiting.by_number[seq] for seq in seqs if seq in log.waiting]:
                accepted = [
                    Accepted(key, one.number, one.accepted_at)
                    for one in waiting  # that of a replay differs from that of the event
                    for key in {one.packed.digest, digest(log.source, one.packed.message_id)}
                ]
                await self._seen_stream.forget(accepted)
                numbers = [one.number for one in waiting]
                await self._logs.guard(log, log.settle(numbers, is_seen=False))

    async def adopt(self, letter: DeadLetter, key: bytes) -> None:
        """As `Store.adopt`."""
        await self._letters.adopt(letter, key)

    async def release(self, seqs: Sequence[int]) -> None:
        """As `Store.release`."""
        now = time.monotonic()
        for log in self._logs:
            for seq in seqs:
                if one := log.waiting.by_number.get(seq):
                    one.lease_until = min(one.lease_until, now)

    async def postpone(self, seq: int, *, refusals: int, seconds: float) -> None:
        """As `Store.postpone`."""
        for log in self._logs:
            if seq in log.waiting:
                await self._logs.guard(log, log.postpone(seq, refusals, seconds))

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
        return await self._letter_list.summaries(
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
        return await self._letter_list.whole(id)

    async def drop(self, ids: Sequence[int]) -> int:
        """As `Store.drop`."""
        dropped, accepted = await self._letters.drop(ids)
        if accepted:
            await self._seen_stream.forget(accepted)
        return dropped

    async def counts(self) -> StoreCounts:
        """As `Store.counts`."""
        return await self._counter.counts()

    async def sweep(self) -> list[Removal]:
        """As `Store.sweep`."""
        now, options = time.time(), self._options
        await self._seen.prune(now)
        old = await too_old(self._letter_list, now - options.dead_letter_age)
        await self.drop([id_ for id_, _ in old])
        sizes = await self._counter.letter_bytes()
        large = await too_much(self._letter_list, sizes, sizes.total() - options.dead_letter_bytes)
        await self.drop([id_ for id_, _ in large])
        removed = Counter([(source, "age") for _, source in old] + [(source, "size") for _, source in large])
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
        await self._seen.close()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(ROUND_SECONDS)
            try:
                await self._ownership.renew()
                await self._exchange.hear()
                await self._seen_stream.read_forgotten()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next round may succeed
                _log.warning("leases of buckets cannot be renewed; retrying", reason=str(error))

    def _owns(self, bucket: int) -> bool:
        return self._ownership.owns(bucket)

    def _note(self, bucket: int, source: str, sequence: int) -> None:
        """Have the next claim look for what was just appended, and whoever claims do so now."""
        self._logs.note(bucket, source, sequence)
        if self._owns(bucket):
            self._wake(source)

    def _tell(self, bucket: int, source: str, sequence: int) -> None:
        self._note(bucket, source, sequence)
        if not self._owns(bucket):
            self._hints.tell(bucket, source, sequence)
