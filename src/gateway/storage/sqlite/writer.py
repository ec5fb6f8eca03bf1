"""Commits what many callers write at the same time in one transaction."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeAlias, TypeVar

from ..records import StoreBusy, StoreFull
from .database import refusal

T = TypeVar("T")
A = TypeVar("A")
Work: TypeAlias = Callable[[sqlite3.Connection, list[A]], list[T]]
"""Writes for several requests within the caller's transaction, and returns a result for each.

It may run more than once, rolled back each time but the last.
"""

_GATHER = 0.0005
"""Seconds in which more requests may join if there were several: a quick disk would commit each alone."""


@dataclass(frozen=True, slots=True)
class _Request:
    work: Work[Any, Any]
    argument: Any
    durable: bool
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


class Writer:
    """One thread that owns the connection that writes.

    Attributes:
        commits: transactions committed.
        waiting: requests not yet answered.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.commits = 0
        self.waiting = 0
        self._connection = connection
        self._path = path
        self._queue: SimpleQueue[_Request | None] = SimpleQueue()
        self._closing = False
        self._durable: bool | None = None
        self._thread = Thread(target=self._serve, name="springhead-store", daemon=True)
        self._thread.start()

    async def do(self, work: Callable[[sqlite3.Connection], T], *, durable: bool = True) -> T:
        """Run `work` in a transaction, and return or raise what it does once that is committed.

        Args:
            work: what to write. If it raises, it alone is rolled back.
            durable: whether it is on the disk when this returns; else it survives only a crash of the process.
        """
        return await self.do_together(lambda connection, _: [work(connection)], None, durable=durable)

    async def do_together(self, work: Work[A, T], argument: A, *, durable: bool = True) -> T:
        """As `do`, for work that does all requests for it that wait at once; the result for this argument."""
        if self._closing:
            raise StoreBusy(f"{self._path} is being closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self.waiting += 1
        self._queue.put(_Request(work, argument, durable, loop, future))
        return await future

    async def close(self) -> None:
        """Finish the requests that wait, and close the connection."""
        if not self._closing:
            self._closing = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _serve(self) -> None:
        group: list[_Request] = []
        closing = False
        while not closing:
            group, closing = self._next_group(gather=len(group) > 1)
            if group:
                self._answer(group, self._results(group))
        self._connection.close()

    def _next_group(self, gather: bool) -> tuple[list[_Request], bool]:
        """The requests that wait, and whether they are the last; `gather` lets more of them join."""
        group = []
        request = self._queue.get()
        if gather:
            time.sleep(_GATHER)
        try:
            while request is not None:
                group.append(request)
                request = self._queue.get_nowait()
        except Empty:
            return group, False
        return group, True

    def _results(self, group: list[_Request]) -> list[Any]:
        """The result of each. One that finds the store full is tried again, alone and with the log emptied."""
        results = self._commit(group)
        for index, result in enumerate(results):
            if isinstance(result, StoreFull):
                self._empty_log()
                (results[index],) = self._commit([group[index]])
        return results

    def _commit(self, group: list[_Request]) -> list[Any]:
        """The result of each, from one transaction; if one fails, from one each: none fails for another."""
        try:
            self._begin(durable=any(request.durable for request in group))
            results = self._answers(group)
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whatever it is, callers must hear of it and the thread must live
            self._undo()
            refused = refusal(error, self._path)
            if refused is not None or len(group) == 1:
                return [refused or error for _ in group]
            return [result for one in group for result in self._commit([one])]
        self.commits += 1
        return results

    def _begin(self, *, durable: bool) -> None:
        if durable is not self._durable:
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._durable = durable
        self._connection.execute("BEGIN IMMEDIATE")

    def _answers(self, group: list[_Request]) -> list[Any]:
        """The result of each, within the open transaction."""
        alike: dict[Work[Any, Any], list[int]] = defaultdict(list)
        for index, request in enumerate(group):
            alike[request.work].append(index)
        results: dict[int, Any] = {}
        for work, indices in alike.items():
            answers = work(self._connection, [group[index].argument for index in indices])
            results.update(zip(indices, answers, strict=True))
        return [results[index] for index in range(len(group))]

    def _undo(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # SQLite has already rolled back after some errors
            self._connection.execute("ROLLBACK")

    def _empty_log(self) -> None:
        """Move the log into the file, unless that means waiting for a reader."""
        (busy,) = self._connection.execute("PRAGMA busy_timeout").fetchone()
        for command in ("busy_timeout = 0", "wal_checkpoint(TRUNCATE)", f"busy_timeout = {busy}"):
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute(f"PRAGMA {command}")

    def _answer(self, group: list[_Request], results: list[Any]) -> None:
        answers = defaultdict(list)
        for request, result in zip(group, results, strict=True):
            answers[request.loop].append((request.future, result))
        for loop, of_loop in answers.items():
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any longer
                loop.call_soon_threadsafe(self._wake, of_loop)

    def _wake(self, answers: list[tuple[asyncio.Future[Any], Any]]) -> None:
        self.waiting -= len(answers)
        for future, result in answers:
            if future.done():  # its caller was cancelled; its request is committed all the same
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
