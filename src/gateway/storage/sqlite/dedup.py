"""What was accepted within the window: an event's identity in, whether it is a duplicate out.

Digests are random, and each would change a page of its own in a large table. So they go to the end of a small
one, `recent`, which is held in memory, too; many at a time, and in order, they move on into `seen`.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from math import inf

from .sql import found, insert, marks

DAY = 86400

MOVED = 1 << 13
"""Recent digests that are moved at once: few enough to be held in memory, and to hold up no append for long."""

_NEW = """SELECT count(*), max(id), group_concat(hex(digest) || at, ' ')
    FROM (SELECT * FROM recent WHERE id > ? ORDER BY id)"""
"""All rows as one: each row of an answer makes its thread wait for the interpreter once more."""
_MOVE = f"""INSERT OR REPLACE INTO seen (day, digest, at)
    SELECT CAST(at / {DAY} AS INTEGER), digest, at FROM recent ORDER BY 1, 2, 3"""  # noqa: S608 - no value in it


def digest(source: str, message_id: str) -> bytes:
    """What a duplicate has in common with the event it repeats: 16 bytes."""
    return hashlib.blake2b(f"{source}\0{message_id}".encode(), digest_size=16).digest()


class Seen:
    """The time in which a messageId is accepted once. Of one thread, and of one connection that writes.

    What is in memory was committed: it is read at the beginning of a transaction, whoever wrote it.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._recent: dict[bytes, float] = {}
        self._rows = self._upto = 0

    def among(self, connection: sqlite3.Connection, digests: Sequence[bytes], now: float) -> set[bytes]:
        """Those that were accepted in that time before now. Asked before anything else of a transaction."""
        self._read(connection)
        start = now - self._seconds
        recent = {one for one in digests if self._recent.get(one, -inf) > start}
        days = range(int(start // DAY), int(now // DAY) + 2)  # one more, for a clock set back
        query = f"SELECT digest FROM seen WHERE at > ? AND day IN {marks(len(days))} AND digest IN "  # noqa: S608
        return recent.union(found(connection, query, (start, *days), digests))

    def _read(self, connection: sqlite3.Connection) -> None:
        if self._rows >= MOVED:
            connection.execute(_MOVE)
            connection.execute("DELETE FROM recent")
            self._recent, self._rows, self._upto = {}, 0, 0  # all of it is read again, should this be undone
        count, upto, rows = connection.execute(_NEW, (self._upto,)).fetchone()
        if count:
            self._rows, self._upto = self._rows + count, upto
            self._recent |= {bytes.fromhex(row[:32]): float(row[32:]) for row in rows.split()}


def accept(connection: sqlite3.Connection, digests: Sequence[bytes], now: float) -> None:
    """From now on they are seen."""
    insert(connection, "INSERT INTO recent (digest, at)", [(one, now) for one in digests])


def forget(connection: sqlite3.Connection, before: float, limit: int) -> int:
    """Delete up to `limit` rows of days that ended before `before`; how many there were."""
    expired = "SELECT day, digest FROM seen WHERE day < ? LIMIT ?"
    delete = f"DELETE FROM seen WHERE (day, digest) IN ({expired})"  # noqa: S608 - no value in it
    return connection.execute(delete, (int(before // DAY), limit)).rowcount
