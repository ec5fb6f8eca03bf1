"""Recognises events that were accepted before, from a file that can be made again from the cluster."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import structlog

from ..records import StoreBusy, StoreUnusable
from .accepted import Accepted
from .seen_file import ROWS, SeenFile

_RECENT = 1 << 13
"""Recent ones that move to the file together: each alone would change a page of its own there."""
_log = structlog.get_logger()

T = TypeVar("T")


class Lookup(NamedTuple):
    """What was found of some digests, in the file and in memory."""

    known: Sequence[Mapping[bytes, Accepted]]
    window: float

    def among(self, digests: Sequence[bytes], now: float) -> dict[bytes, int]:
        """Those of these digests that were accepted within the window before `now`, each with its number."""
        start = now - self.window
        found: dict[bytes, int] = {}
        for known in self.known:
            for one in filter(None, map(known.get, digests)):
                if one.at > start and one.number <= found.get(one.digest, one.number):
                    found[one.digest] = one.number
        return found


class Seen:
    """The events that this gateway accepted or delivered within the window, and those of buckets it took over.

    Nothing is lost with the file: it is a cache of the cluster's stream, and of what this gateway told senders.
    A thread of its own reads and writes it. The recent ones are in memory, until they move to the file.
    """

    def __init__(self, path: Path, window: float, created: str) -> None:
        """`created` is when the stream of events was made: what was seen of an older one is forgotten.

        Raises:
            StoreUnusable: the file cannot be opened or made.
        """
        self._path = path
        self._window = window
        try:
            self._file = SeenFile(path, window, created)
        except (OSError, sqlite3.Error) as error:
            raise StoreUnusable(f"{path} cannot be used: {error}; check gateway.data") from None
        self._thread = ThreadPoolExecutor(1, "seen")
        self._recent: dict[bytes, Accepted] = {}
        self._moving: dict[bytes, Accepted] = {}
        self._mover: asyncio.Task[None] | None = None

    @property
    def in_memory(self) -> int:
        """How many are not in the file yet."""
        return len(self._moving) + len(self._recent)

    async def look_up(self, digests: Sequence[bytes]) -> Lookup:
        """What is known of these digests: good until the caller gives way to others."""
        moving, recent = self._moving, self._recent  # these may move to the file meanwhile
        found = await self._run(lambda: self._file.find(digests))
        return Lookup((found, moving, recent, self._recent), self._window)

    def remember(self, accepted: Iterable[Accepted]) -> None:
        """Record these as accepted."""
        for one in accepted:
            known = self._recent.get(one.digest)
            if known is None or one.number < known.number or one.at - known.at > self._window:
                self._recent[one.digest] = one
        if len(self._recent) >= _RECENT and self._mover is None:
            self._mover = asyncio.create_task(self._move())

    async def load(self, accepted: Sequence[Accepted], subject: str, sequence: int) -> None:
        """Record what was read from a subject of the cluster's stream, up to this sequence."""
        await self._run(lambda: self._file.write(accepted, subject, sequence))

    async def forget(self, accepted: Sequence[Accepted], subject: str = "", sequence: int = 0) -> None:
        """Let these be accepted again; what was accepted later stays."""
        for recent in (self._moving, self._recent):
            for one in accepted:
                if one.digest in recent and recent[one.digest].number <= one.number:
                    del recent[one.digest]
        await self._run(lambda: self._file.forget(accepted, subject, sequence))

    async def position(self, subject: str) -> int:
        """Up to which sequence the messages of a subject are in the file."""
        return await self._run(lambda: self._file.position(subject))

    async def prune(self, now: float) -> None:
        """Forget what is past the window."""
        while await self._run(lambda: self._file.prune(now)):
            pass

    async def close(self) -> None:
        """Move what is in memory to the file, and close it."""
        if self._mover is not None:
            await self._mover
        await self._move()
        await self._run(self._file.close)
        self._thread.shutdown()

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.Error as error:
            self._file.remove_if_damaged(error)
            raise StoreBusy(f"{self._path} cannot be used: {error}") from None

    async def _move(self) -> None:
        self._moving, self._recent = self._recent, {}
        moving = [self._moving[digest] for digest in sorted(self._moving)]
        try:
            for start in range(0, len(moving), ROWS):
                await self._run(partial(self._file.write, moving[start : start + ROWS]))
        except StoreBusy as error:
            _log.warning("events just accepted may be accepted again", reason=str(error))
        self._moving, self._mover = {}, None
