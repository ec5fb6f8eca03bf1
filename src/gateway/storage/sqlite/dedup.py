"""Recognises events that were accepted before, within a window of time.

Digests are random, and each would change a page of its own in a large table. So they go to the end of a small
one, `recent`, which is held in memory as well; many at a time, in order, they move on into `seen`.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from math import ceil, inf

from .clock import Clock
from .sql import delete, insert, select_in

DAY = 86400

MAX_RECENT = 1 << 13
"""Recent digests that move at once: few enough for memory, and not to keep an append waiting for long."""
BYTES = 27
"""What a digest takes in the file, with what a B-tree leaves empty; measured with millions of them."""
_SLICE = 500
"""Digests deleted in one transaction, so that no append waits long for it."""

_NEW = """SELECT count(*), max(id), group_concat(hex(digest) || at, ' '), (SELECT count(*) FROM recent)
    FROM (SELECT * FROM recent WHERE id > ? ORDER BY id)"""
"""All rows as one: each row of a result makes its thread wait for the interpreter once more."""
_MOVE = f"""INSERT OR IGNORE INTO seen (day, digest)
    SELECT CAST(at / {DAY} AS INTEGER), digest FROM recent ORDER BY 1, 2"""  # noqa: S608 - no value in it
_KNOWN = "SELECT digest FROM seen WHERE day IN (SELECT day FROM seen_day WHERE day >= ?) AND digest IN "
_OLDEST_DAY = "SELECT min(day) FROM seen_day"
_DELETE = """DELETE FROM seen WHERE day = ? AND digest <= (
    SELECT max(digest) FROM (SELECT digest FROM seen WHERE day = ? ORDER BY digest LIMIT ?))"""


def digest(source: str, message_id: str) -> bytes:
    """The 16 bytes by which a duplicate is recognised."""
    return hashlib.blake2b(f"{source}\0{message_id}".encode(), digest_size=16).digest()


class Seen:
    """The digests of the last `window` seconds, for one thread and one connection that writes.

    Those in `seen` are known until the day on which they were accepted is past the window.
    What is in memory was committed: it is read when a transaction begins, whichever process wrote it. Once rows
    are gone from `recent`, because they moved on or were forgotten, it is read whole again.
    """

    def __init__(self, window: float) -> None:
        self._window = window
        self._start_over()

    def _start_over(self) -> None:
        self._recent: dict[bytes, float] = {}
        self._count = self._last_id = 0

    def among(self, connection: sqlite3.Connection, digests: Sequence[bytes], now: float) -> set[bytes]:
        """The digests that were seen within the window before `now`. Call it first in a transaction."""
        self._read(connection)
        start = now - self._window
        recent = {one for one in digests if self._recent.get(one, -inf) > start}
        return recent.union(select_in(connection, _KNOWN, (_day(start),), digests))

    def _read(self, connection: sqlite3.Connection) -> None:
        if self._count >= MAX_RECENT:
            connection.execute(_MOVE)
            connection.execute("DELETE FROM recent")
            self._start_over()
        count, last_id, rows, total = connection.execute(_NEW, (self._last_id,)).fetchone()
        if not self._count or self._count + count != total:
            self._start_over()
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
    delete(connection, "seen", "day, digest", [(_day(at), one) for one, at in accepted])


def prune(connection: sqlite3.Connection, window: float, clock: Clock) -> bool:
    """Delete digests of a day that ended before the window; whether there may be more."""
    (day,) = connection.execute(_OLDEST_DAY).fetchone()
    return day is not None and day < _day(clock.expiring() - window) and _delete(connection, day, _SLICE) > 0


def shrink(connection: sqlite3.Connection, limit: float) -> int:
    """Delete digests of the oldest day if all take more than `limit` bytes; how many, 0 if there is no need."""
    excess = count(connection) - limit / BYTES
    if excess <= 0:
        return 0
    (day,) = connection.execute(_OLDEST_DAY).fetchone()
    return _delete(connection, day, min(ceil(excess), _SLICE))


def count(connection: sqlite3.Connection) -> int:
    """How many digests are kept, without the most recent ones."""
    (digests,) = connection.execute("SELECT ifnull(sum(digests), 0) FROM seen_day").fetchone()
    return int(digests)


def _day(at: float) -> int:
    return int(at // DAY)


def _delete(connection: sqlite3.Connection, day: int, limit: int) -> int:
    """Delete at most `limit` digests of a day, and return how many there were."""
    return connection.execute(_DELETE, (day, day, limit)).rowcount
