"""Recognises events that were accepted before, within a window of time.

Digests are random, and each would change a page of its own in a large table. So they go to the end of a small
one, `recent`, which is held in memory as well; many at a time, in order, they move on into `seen`.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Sequence
from math import inf

from .sql import insert, placeholders, select_in

DAY = 86400

MAX_RECENT = 1 << 13
"""Recent digests that move at once: few enough for memory, and not to keep an append waiting for long."""
_SLICE = 500
"""Digests deleted in one transaction, so that no append waits long for it."""

_NEW = """SELECT count(*), max(id), group_concat(hex(digest) || at, ' ')
    FROM (SELECT * FROM recent WHERE id > ? ORDER BY id)"""
"""All rows as one: each row of a result makes its thread wait for the interpreter once more."""
_MOVE = f"""INSERT OR REPLACE INTO seen (day, digest, at)
    SELECT CAST(at / {DAY} AS INTEGER), digest, at FROM recent ORDER BY 1, 2, 3"""  # noqa: S608 - no value in it


def digest(source: str, message_id: str) -> bytes:
    """The 16 bytes by which a duplicate is recognised."""
    return hashlib.blake2b(f"{source}\0{message_id}".encode(), digest_size=16).digest()


class Seen:
    """The digests of the last `window` seconds, for one thread and one connection that writes.

    What is in memory was committed: it is read when a transaction begins, whichever process wrote it.
    """

    def __init__(self, window: float) -> None:
        self._window = window
        self._recent: dict[bytes, float] = {}
        self._count = self._last_id = 0

    def among(self, connection: sqlite3.Connection, digests: Sequence[bytes], now: float) -> set[bytes]:
        """The digests that were seen within the window. Call it first in a transaction."""
        self._read(connection)
        start = now - self._window
        recent = {one for one in digests if self._recent.get(one, -inf) > start}
        days = range(int(start // DAY), int(now // DAY) + 2)  # one more, for a clock that was set back
        query = f"SELECT digest FROM seen WHERE at > ? AND day IN {placeholders(len(days))} AND digest IN "  # noqa: S608
        return recent.union(select_in(connection, query, (start, *days), digests))

    def _read(self, connection: sqlite3.Connection) -> None:
        if self._count >= MAX_RECENT:
            connection.execute(_MOVE)
            connection.execute("DELETE FROM recent")
            self._recent, self._count, self._last_id = {}, 0, 0  # read again, should this be rolled back
        count, last_id, rows = connection.execute(_NEW, (self._last_id,)).fetchone()
        if count:
            self._count, self._last_id = self._count + count, last_id
            self._recent |= {bytes.fromhex(row[:32]): float(row[32:]) for row in rows.split()}


def remember(connection: sqlite3.Connection, digests: Sequence[bytes], now: float) -> None:
    """Record these as seen now."""
    insert(connection, "INSERT INTO recent (digest, at)", [(one, now) for one in digests])


def prune(connection: sqlite3.Connection, window: float) -> bool:
    """Delete digests of days that ended before the window; whether there may be more."""
    before = int((time.time() - window) // DAY)
    expired = "SELECT day, digest FROM seen WHERE day < ? LIMIT ?"
    delete = f"DELETE FROM seen WHERE (day, digest) IN ({expired})"  # noqa: S608 - no value in it
    return connection.execute(delete, (before, _SLICE)).rowcount == _SLICE
