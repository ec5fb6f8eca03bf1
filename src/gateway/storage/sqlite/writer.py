"""Commits the writes of many concurrent callers in one transaction."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, TypeAlias, TypeVar

from ..records import StoreBusy, StoreFull
from .database import MAX_LOG, log_of, refusal

T = TypeVar("T")
A = TypeVar("A")
Work: TypeAlias = Callable[[sqlite3.Connection, list[A]], Sequence[T | Exception]]
"""Writes for several requests within the caller's transaction, and returns a result for each.

An error that it returns is that request's alone; one that it raises rolls all of them back.
It may run more than once, rolled back each time but the last.
"""

_GATHER = 0.0005
"""Seconds in which more requests may join after a group of several: a fast disk would commit each alone."""


class _Request(NamedTuple):
    work: Work[Any, Any]
    argument: Any
    durable: bool
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


class Writer:
    """One thread that owns the connection that writes.

    Attributes:
        commits: transactions committed.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, log: int = MAX_LOG) -> None:
        """`log` is how many bytes the write-ahead log keeps, for when the disk is full."""
        self.commits = 0
        self._connection = connection
        self._path = path
        self._log = log
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
        """As `do`, for work that handles all waiting requests for it at once; the result for this argument."""
        if self._closing:
            raise StoreBusy(f"{self._path} is being closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
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
                self._resolve(group, self._results(group))
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
        """The results of one transaction; if it fails, of one per request, so that none fails for another."""
        try:
            return self._commit(group)
        except Exception as error:  # noqa: BLE001 - whatever it is, callers must hear of it and the thread must live
            refused = refusal(error, self._path)
            if isinstance(refused or error, StoreFull):
                return [self._retry(one) for one in group]
            if refused is not None or len(group) == 1:
                return [refused or error for _ in group]
            return [result for one in group for result in self._results([one])]

    def _retry(self, request: _Request) -> Any:
        """The result of a request that found the disk full, alone and once the log is emptied."""
        try:
            self._empty_log()
            (result,) = self._commit([request])
        except Exception as error:  # noqa: BLE001 - as above
            return refusal(error, self._path) or error
        return result

    def _commit(self, group: list[_Request]) -> list[Any]:
        try:
            self._begin(durable=any(request.durable for request in group))
            results = self._run(group)
            self._connection.execute("COMMIT")
        except BaseException:
            self._undo()
            raise
        self.commits += 1
        return results

    def _begin(self, *, durable: bool) -> None:
        if durable is not self._durable:
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._durable = durable
        self._connection.execute("BEGIN IMMEDIATE")

    def _run(self, group: list[_Request]) -> list[Any]:
        """Run the work of each request, in the open transaction, and return the results in order."""
        by_work: dict[Work[Any, Any], list[int]] = defaultdict(list)
        for index, request in enumerate(group):
            by_work[request.work].append(index)
        results: dict[int, Any] = {}
        for work, indices in by_work.items():
            of_work = work(self._connection, [group[index].argument for index in indices])
            results.update(zip(indices, of_work, strict=True))
        return [results[index] for index in range(len(group))]

    def _undo(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # SQLite has already rolled back after some errors
            self._connection.execute("ROLLBACK")

    def _empty_log(self) -> None:
        """Move the log into the file, unless that means waiting for a reader.

        It keeps its space on the disk, which claims and acknowledgements need when there is no other, unless it
        is unusually long.
        """
        (busy,) = self._connection.execute("PRAGMA busy_timeout").fetchone()
        mode = "TRUNCATE" if log_of(self._path).stat().st_size > 2 * self._log else "RESTART"
        for command in ("busy_timeout = 0", f"wal_checkpoint({mode})", f"busy_timeout = {busy}"):
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute(f"PRAGMA {command}")

    def _resolve(self, group: list[_Request], results: list[Any]) -> None:
        """Hand the results to the callers, each in its own event loop."""
        by_loop = defaultdict(list)
        for request, result in zip(group, results, strict=True):
            by_loop[request.loop].append((request.future, result))
        for loop, resolved in by_loop.items():
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any longer
                loop.call_soon_threadsafe(self._set_results, resolved)

    def _set_results(self, resolved: list[tuple[asyncio.Future[Any], Any]]) -> None:
        for future, result in resolved:
            if future.done():  # its caller was cancelled; its request is committed all the same
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
