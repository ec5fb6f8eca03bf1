"""Recognises events that were accepted before, from a file that can be made again from the cluster."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeVar

import structlog

from ..records import StoreBusy, StoreUnusable
from .accepted import Accepted

_RECENT = 1 << 13
"""Recent ones that move to the file together: each alone would change a page of its own there."""
_ROWS = 300
"""Rows of one statement: after each, its thread waits for the interpreter. Any SQLite takes 999 values."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (
    digest BLOB PRIMARY KEY,
    number INTEGER NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_at ON seen (at);
CREATE TABLE IF NOT EXISTS forgotten (
    digest BLOB PRIMARY KEY,
    number INTEGER NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS position (subject TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stream (created TEXT NOT NULL);
"""
_EARLIER = """WHERE NOT EXISTS (
        SELECT 1 FROM forgotten WHERE forgotten.digest = column1 AND forgotten.number >= column2)
    ON CONFLICT (digest) DO UPDATE SET number = excluded.number, at = excluded.at
    WHERE excluded.number < number OR excluded.at - at > ?"""
_FORGET = """INSERT INTO forgotten VALUES (?, ?, ?) ON CONFLICT (digest) DO UPDATE
    SET number = excluded.number, at = excluded.at WHERE excluded.number > number"""
"""What is read of the stream later, and was there before, is not recorded."""
_PRUNE = "DELETE FROM seen WHERE digest IN (SELECT digest FROM seen WHERE at <= ? ORDER BY at LIMIT ?)"

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
            self._connection = _open_or_remake(path, created)
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
        found = await self._run(lambda: self._find(digests))
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
        await self._run(lambda: self._write(accepted, subject, sequence))

    async def forget(self, accepted: Sequence[Accepted], subject: str = "", sequence: int = 0) -> None:
        """Let these be accepted again; what was accepted later stays."""
        for recent in (self._moving, self._recent):
            for one in accepted:
                if one.digest in recent and recent[one.digest].number <= one.number:
                    del recent[one.digest]
        await self._run(lambda: self._delete(accepted, subject, sequence))

    async def position(self, subject: str) -> int:
        """Up to which sequence the messages of a subject are in the file."""
        query = "SELECT max(sequence) FROM position WHERE subject = ?"
        (sequence,) = await self._run(lambda: self._connection.execute(query, (subject,)).fetchone())
        return sequence or 0

    async def prune(self, now: float) -> None:
        """Forget what is past the window."""
        values = (now - self._window, _ROWS)
        while await self._run(lambda: self._connection.execute(_PRUNE, values).rowcount) > 0:
            pass
        await self._run(lambda: self._connection.execute("DELETE FROM forgotten WHERE at <= ?", values[:1]))

    async def close(self) -> None:
        """Move what is in memory to the file, and close it."""
        if self._mover is not None:
            await self._mover
        await self._move()
        await self._run(self._connection.close)
        self._thread.shutdown()

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.Error as error:
            if _is_damage(error):
                _remove(self._path)  # the next start makes it again
            raise StoreBusy(f"{self._path} cannot be used: {error}") from None

    async def _move(self) -> None:
        self._moving, self._recent = self._recent, {}
        moving = [self._moving[digest] for digest in sorted(self._moving)]
        try:
            for start in range(0, len(moving), _ROWS):
                await self._run(partial(self._write, moving[start : start + _ROWS]))
        except StoreBusy as error:
            _log.warning("events just accepted may be accepted again", reason=str(error))
        self._moving, self._mover = {}, None

    def _find(self, digests: Sequence[bytes]) -> dict[bytes, Accepted]:
        found: dict[bytes, Accepted] = {}
        for first in range(0, len(digests), _ROWS):
            part = digests[first : first + _ROWS]
            places = ",".join("?" * len(part))
            query = f"SELECT * FROM seen WHERE digest IN ({places})"  # noqa: S608 - no value in it
            found |= {row[0]: Accepted(*row) for row in self._connection.execute(query, part).fetchall()}
        return found

    def _write(self, accepted: Sequence[Accepted], subject: str = "", sequence: int = 0) -> None:
        for start in range(0, len(accepted), _ROWS):
            part = accepted[start : start + _ROWS]
            statement = (
                f"INSERT INTO seen SELECT * FROM (VALUES {', '.join(['(?, ?, ?)'] * len(part))}) {_EARLIER}"  # noqa: S608 - no value in it
            )
            self._connection.execute(statement, (*chain.from_iterable(part), self._window))
        self._note_position(subject, sequence)

    def _delete(self, accepted: Sequence[Accepted], subject: str, sequence: int) -> None:
        values = [(one.digest, one.number) for one in accepted]
        with self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany("DELETE FROM seen WHERE digest = ? AND number <= ?", values)
            self._connection.executemany(_FORGET, accepted)
            self._note_position(subject, sequence)

    def _note_position(self, subject: str, sequence: int) -> None:
        if subject:
            self._connection.execute("INSERT OR REPLACE INTO position VALUES (?, ?)", (subject, sequence))


def _open_or_remake(path: Path, created: str) -> sqlite3.Connection:
    try:
        return _open(path, created)
    except sqlite3.DatabaseError as error:
        if not _is_damage(error):
            raise
    _log.warning("the file of accepted ids is damaged; they are read again", path=str(path))
    _remove(path)
    return _open(path, created)


def _is_damage(error: sqlite3.Error) -> bool:
    """Whether a file is damaged: errors that pass, as of a lock or a full disk, have a class of their own."""
    return type(error) is sqlite3.DatabaseError


def _open(path: Path, created: str) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, isolation_level=None, timeout=5, check_same_thread=False)
    try:
        _prepare(connection, created)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, created: str) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA temp_store = MEMORY")  # what undoes a statement would go to a file of its own
    connection.executescript(_SCHEMA)
    if connection.execute("SELECT created FROM stream").fetchone() != (created,):
        for table in ("seen", "forgotten", "position", "stream"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - no value in it
        connection.execute("INSERT INTO stream VALUES (?)", (created,))


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
