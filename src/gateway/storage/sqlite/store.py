"""Keeps events in one SQLite file."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from math import inf
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

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
from . import dead_letters, dedup, queue, retention
from .append import Append, adopt, append, probe
from .capacity import Capacity
from .clock import Clock
from .counts import counts
from .database import FILE, MAX_LOG, open_writer, refusal
from .files import StoreFiles
from .process_lock import ProcessLock
from .reader import Reader
from .space import give_back
from .writer import Writer

T = TypeVar("T")

DAY = 86400.0
ID_SHARE = 0.5
"""How much of `max_bytes` the ids of accepted events may take, so that events always have the rest."""


class SqliteStore:
    """Keeps events in `store.sqlite` of a folder; several processes may have it open.

    Appends that wait together are committed together, so that many senders cost few fsyncs. Leases and
    acknowledgements survive a crash of the process, and become durable with the next append: events whose
    acknowledgement a power cut undoes are delivered again.
    """

    def __init__(  # noqa: PLR0913 - all but the first have defaults
        self,
        folder: Path,
        *,
        window: float = 7 * DAY,
        keep_calls: bool = False,
        dead_letter_age: float = 30 * DAY,
        dead_letter_bytes: int = 2**30,
        max_bytes: int | None = None,
        reserve: int = 2**26,
        max_waiting: int = 1000,
        busy_timeout: float = 5.0,
        create: bool = True,
    ) -> None:
        """Open the store, or create it.

        Args:
            folder: where its files are.
            window: seconds within which a (source, messageId) is accepted only once; fewer if the ids of that
                time take more than half of `max_bytes`.
            keep_calls: keep the call of every append, even without dead letters.
            dead_letter_age: seconds for which dead letters and calls are kept.
            dead_letter_bytes: the most bytes they may take together; the oldest of the source that takes most
                are deleted first.
            max_bytes: while the store takes more than this, accept nothing of a source that holds its equal
                share; None for no limit.
            reserve: accept nothing more while its disk has fewer bytes than this to spare, so that what was
                accepted can still be delivered; 0 for no limit.
            max_waiting: accept nothing more while this many calls wait for the disk.
            busy_timeout: seconds to wait for another process that writes.
            create: create the folder and the store if they do not exist.

        Raises:
            StoreUnusable: it cannot be opened: the message says why, and what to do.
            StoreBusy: another process held it for `busy_timeout`.
            StoreFull: its disk has no space for the log.
        """
        self._path = folder / FILE
        self._window, self._seen = window, dedup.Seen(window)
        self._keep_calls = keep_calls
        self._letter_age, self._letter_bytes = dead_letter_age, dead_letter_bytes
        self._max_waiting = max_waiting
        self._max_id_bytes = inf if max_bytes is None else max_bytes * ID_SHARE
        limits = [limit for limit in (reserve // 2, (max_bytes or 0) // 8, MAX_LOG) if limit]
        log = min(limits)  # so that a full log still has room to go into the file
        connection = open_writer(folder, busy_timeout, create=create, log=log)
        self._files = StoreFiles(self._path)
        self._capacity = Capacity(self._path, self._files, max_bytes, reserve, log)
        self._clock = Clock(_last_sweep(connection, self._path))
        self._lists = Reader(folder, busy_timeout)
        self._counts = Reader(folder, busy_timeout)  # its own, so that a long list does not delay it
        self._writer = Writer(connection, self._path, log)
        self._process_lock = ProcessLock(folder)
        self._appended: Callable[[str], None] = lambda _source: None
        self._appending = 0

    @property
    def location(self) -> str:
        """As `Store.location`."""
        return str(self._path)

    @property
    def identity(self) -> str:
        """As `Store.identity`."""
        status = self._path.stat()
        return f"{status.st_dev}:{status.st_ino}"

    @property
    def commits(self) -> int:
        """Transactions committed since it was opened."""
        return self._writer.commits

    async def open(self, *, delivers: bool = True, alone: bool = False) -> None:  # noqa: ARG002 - takes no share
        """As `Store.open`; its files have been open since it was made."""
        if alone and not self._process_lock.take():
            raise StoreBusy(f"another process delivers from {self._path}: stop it first")

    def on_append(self, appended: Callable[[str], None]) -> None:
        """As `Store.on_append`, of the events that this process stores."""
        self._appended = appended

    async def append(
        self,
        events: Sequence[NewEvent],
        dead_letters: Sequence[NewDeadLetter],
        call: StoredCall | None,
        *,
        replacing: Mapping[int, int] = MappingProxyType({}),
    ) -> Receipt:
        """As `Store.append`, in one transaction: after an error nothing is kept."""
        if self._appending >= self._max_waiting:
            raise StoreBusy(f"{self._appending} calls are waiting for {self._path}: its disk is too slow")
        self._appending += 1
        try:
            receipt = await self._writer.do_together(
                self._append, Append(events, dead_letters, call, replacing)
            )
        finally:
            self._appending -= 1
        for source in {event.source for event in events} if receipt.stored else ():
            self._appended(source)
        return receipt

    async def probe(self, sources: Collection[str]) -> None:
        """As `Store.probe`."""
        await self._writer.do(partial(self._probe, sources=sources))

    async def claim(  # noqa: PLR0913 - as the interface
        self, source: str, lane: int, lanes: int, *, events: int, size: int, lease: float
    ) -> list[ClaimedEvent]:
        """As `Store.claim`."""
        buckets, since = queue.buckets_of(lane, lanes), self._process_lock.leases_count_since()
        claim = partial(queue.claim, source=source, buckets=buckets, since=since)
        return await self._writer.do(partial(claim, events=events, size=size, lease=lease), durable=False)

    async def claim_behind(self, seq: int, *, refusals_below: int, lease: float) -> ClaimedEvent | None:
        """As `Store.claim_behind`."""
        since = self._process_lock.leases_count_since()
        claim = partial(queue.claim_behind, seq=seq, refusals_below=refusals_below)
        return await self._writer.do(partial(claim, lease=lease, since=since), durable=False)

    async def acknowledge(self, delivered: Sequence[int], dead: Sequence[DeadEvent] = ()) -> None:
        """As `Store.acknowledge`."""
        acknowledge = partial(queue.acknowledge, delivered=delivered, dead=dead, clock=self._clock)
        await self._writer.do(acknowledge, durable=False)

    async def hand_over(self, seqs: Sequence[int]) -> None:
        """As `Store.hand_over`."""
        await self._writer.do(partial(queue.hand_over, seqs=seqs), durable=False)

    async def adopt(self, letter: DeadLetter, key: bytes) -> None:
        """As `Store.adopt`."""
        await self._writer.do(partial(self._adopt, letter=letter, key=key))

    async def release(self, seqs: Sequence[int]) -> None:
        """As `Store.release`."""
        await self._writer.do(partial(queue.release, seqs=seqs), durable=False)

    async def postpone(self, seq: int, *, refusals: int, seconds: float) -> None:
        """As `Store.postpone`."""
        postpone = partial(queue.postpone, seq=seq, refusals=refusals, seconds=seconds)
        await self._writer.do(postpone, durable=False)

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
        """As `Store.dead_letters`."""
        now = time.time()
        where = {
            "letter.id > ?": None if newest else after,
            "letter.id < ?": (after or dead_letters.MAX_ID) if newest else None,
            "letter.source = (SELECT id FROM source WHERE name = ?)": source,
            "rule = ?": rule,
            "letter.at < ?": None if older_than is None else now - older_than,
            "letter.at > ?": None if younger_than is None else now - younger_than,
        }
        return await self._lists.run(partial(dead_letters.summaries, where=where, newest=newest, limit=limit))

    async def dead_letter(self, id: int) -> DeadLetter | None:  # noqa: A002 - as the interface
        """As `Store.dead_letter`."""
        return await self._lists.run(partial(dead_letters.whole, id_=id))

    async def drop(self, ids: Sequence[int]) -> int:
        """As `Store.drop`."""
        return await self._writer.do(partial(dead_letters.drop, ids=ids))

    async def counts(self) -> StoreCounts:
        """As `Store.counts`."""
        return await self._counts.run(partial(counts, files=self._files))

    async def sweep(self) -> list[Removal]:
        """As `Store.sweep`; in many short transactions, with appends between them.

        What can be deleted is, even if the rest cannot: then the first error is raised.
        """
        self._files.check()
        expired_ids = partial(dedup.prune, window=self._window, clock=self._clock)
        excess_ids = partial(dedup.shrink, limit=self._max_id_bytes)
        letters = partial(retention.prune, clock=self._clock, age=self._letter_age, size=self._letter_bytes)
        tasks = (
            asyncio.create_task(self._repeat(expired_ids)),
            asyncio.create_task(self._repeat(give_back)),
            ids := asyncio.create_task(self._repeat(excess_ids)),
            removed := asyncio.create_task(self._repeat(letters)),
        )
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in tasks:
            task.result()
        removals: retention.Removals = sum(removed.result(), Counter())
        removals["", "id", "size"] = sum(ids.result())
        return [Removal(*labels, count) for labels, count in sorted((+removals).items())]

    async def close(self) -> None:
        """As `Store.close`."""
        await self._lists.close()
        await self._counts.close()
        await self._writer.close()  # last, so that SQLite empties its log into the file
        self._process_lock.close()

    async def _repeat(self, work: Callable[[sqlite3.Connection], T]) -> list[T]:
        """Run `work` in one transaction after another until there is nothing to do, and return what it did."""
        results = []
        while result := await self._writer.do(work, durable=False):
            results.append(result)
        return results

    def _append(
        self, connection: sqlite3.Connection, appends: Sequence[Append]
    ) -> Sequence[Receipt | StoreFull]:
        """The receipt of each, or why it alone is refused."""
        add = partial(append, connection, seen=self._seen, clock=self._clock, keep_calls=self._keep_calls)
        shares = self._capacity.check(connection, sum(one.size for one in appends))
        if shares is None:
            return add(appends)
        refusals = [shares.refusal(one.source) for one in appends]
        allowed = [one for one, refusal in zip(appends, refusals, strict=True) if refusal is None]
        receipts = iter(add(allowed))
        return [refusal or next(receipts) for refusal in refusals]

    def _adopt(self, connection: sqlite3.Connection, letter: DeadLetter, key: bytes) -> None:
        shares = self._capacity.check(connection, len(letter.record) + len(letter.event))
        if shares is not None and (refusal := shares.refusal(letter.source)):
            raise refusal
        adopt(connection, letter, key)

    def _probe(self, connection: sqlite3.Connection, sources: Collection[str]) -> None:
        shares = self._capacity.check(connection, 0)
        if shares is not None:
            refusals = [refusal for source in sources if (refusal := shares.refusal(source))]
            if refusals and len(refusals) == len(sources):
                raise refusals[0]
        probe(connection)


def _last_sweep(connection: sqlite3.Connection, path: Path) -> float | None:
    """When the store was swept last; None if it never was."""
    try:
        row = connection.execute("SELECT at FROM sweep").fetchone()
    except sqlite3.Error as error:
        connection.close()
        raise refusal(error, path) or error from None
    return None if row is None else float(row[0])
