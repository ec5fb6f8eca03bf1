"""Recognises events that were accepted before, within a window of time.

Digests are random, and each would change a page of its own in a large table. So they go to the end of a small
one, `recent`, which is held in memory as well; many at a time, in order, they move on into `seen`.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from math import inf

from .clock import Clock
from .sql import delete, insert, placeholders, select_in

DAY = 86400

MAX_RECENT = 1 << 13
"""Recent digests that move at once: few enough for memory, and not to keep an append waiting for long."""
_SLICE = 500
"""Digests deleted in one transaction, so that no append waits long for it."""

_NEW = """SELECT count(*), max(id), group_concat(hex(digest) || at, ' '), (SELECT count(*) FROM recent)
    FROM (SELECT * FROM recent WHERE id > ? ORDER BY id)"""
"""All rows as one: each row of a result makes its thread wait for the interpreter once more."""
_MOVE = f"""INSERT OR REPLACE INTO seen (day, digest, at)
    SELECT CAST(at / {DAY} AS INTEGER), digest, at FROM recent ORDER BY 1, 2, 3"""  # noqa: S608 - no value in it
_DAYS = """WITH RECURSIVE days (day) AS (
    SELECT min(day) FROM seen
    UNION ALL SELECT (SELECT min(day) FROM seen WHERE day > days.day) FROM days WHERE day IS NOT NULL
    ) SELECT day FROM days WHERE day IS NOT NULL"""
"""The days of `seen`, by one look at its index for each."""


def digest(source: str, message_id: str) -> bytes:
    """The 16 bytes by which a duplicate is recognised."""
    return hashlib.blake2b(f"{source}\0{message_id}".encode(), digest_size=16).digest()


class Seen:
    """The digests of the last `window` seconds, for one thread and one connection that writes.

    What is in memory was committed: it is read when a transaction begins, whichever process wrote it. Once rows
    are gone from `recent`, because they moved on or were forgotten, it is read whole again.
    """

    def __init__(self, window: float) -> None:
        self._window = window
        self._start_over()

    def _start_over(self) -> None:
        self._recent: dict[bytes, float] = {}
        self._days: list[int] = []
        self._count = self._last_id = 0

    def among(self, connection: sqlite3.Connection, digests: Sequence[bytes], now: float) -> set[bytes]:
        """The digests that were seen within the window before `now`. Call it first in a transaction."""
        self._read(connection)
        start = now - self._window
        recent = {one for one in digests if self._recent.get(one, -inf) > start}
        days = [day for day in self._days if day >= start // DAY]
        if not days:
            return recent
        query = f"SELECT digest FROM seen WHERE at > ? AND day IN {placeholders(len(days))} AND digest IN "  # noqa: S608
        return recent.union(select_in(connection, query, (start, *days), digests))

    def _read(self, connection: sqlite3.Connection) -> None:
        if self._count >= MAX_RECENT:
            connection.execute(_MOVE)
            connection.execute("DELETE FROM recent")
            self._start_over()
        count, last_id, rows, total = connection.execute(_NEW, (self._last_id,)).fetchone()
        if not self._count or self._count + count != total:
            self._start_over()
            self._days = [day for (day,) in connection.execute(_DAYS)]
            count, last_id, rows, _ = connection.execute(_NEW, (0,)).fetchone()
        if count:
            self._count, self._last_id = self._count + count, last_id
            self._recent |= {bytes.fromhex(row[:32]): float(row[32:]) for row in rows.split()}


def remember(connection: sqlite3.Connection, digests: Sequence[bytes], now: float) -> None:
    """Record these as seen now."""
    insert(connection, "INSERT INTO recent (digest, at)", [(one, now) for one in digests])


def forget(connection: sqlite3.Connection, accepted: Sequence[tuple[bytes, float]]) -> None:
    """Let these be accepted again: what was accepted with this digest at this time is no longer kept."""
    delete(connection, "recent", "digest, at", accepted)
    delete(connection, "seen", "day, digest, at", [(int(at // DAY), one, at) for one, at in accepted])


def prune(connection: sqlite3.Connection, window: float, clock: Clock) -> bool:
    """Delete digests of days that ended before the window; whether there may be more."""
    before = int((clock.expiring() - window) // DAY)
    expired = "SELECT day, digest FROM seen WHERE day < ? LIMIT ?"
    statement = f"DELETE FROM seen WHERE (day, digest) IN ({expired})"  # noqa: S608 - no value in it
    return connection.execute(statement, (before, _SLICE)).rowcount == _SLICE
