"""What was accepted within the window: an event's identity in, whether it is a duplicate out."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence

from .many import found, insert, marks

DAY = 86400


def digest(source: str, message_id: str) -> bytes:
    """What a duplicate has in common with the event it repeats: 16 bytes."""
    return hashlib.blake2b(f"{source}\0{message_id}".encode(), digest_size=16).digest()


class Window:
    """The time before `now` in which a messageId is accepted once."""

    def __init__(self, connection: sqlite3.Connection, now: float, seconds: float) -> None:
        self._connection = connection
        self._now = now
        self._start = now - seconds
        self._days = range(int(self._start // DAY), int(now // DAY) + 2)  # one more, for a clock set back

    def seen(self, digests: Sequence[bytes]) -> set[bytes]:
        """Those that were accepted within it."""
        query = f"SELECT digest FROM seen WHERE at > ? AND day IN {marks(len(self._days))} AND digest IN "  # noqa: S608
        return set(found(self._connection, query, (self._start, *self._days), digests))

    def accept(self, digests: Sequence[bytes]) -> None:
        """From now on they are seen."""
        day = int(self._now // DAY)
        insert(self._connection, "INSERT OR REPLACE INTO seen", [(day, key, self._now) for key in digests])


def forget(connection: sqlite3.Connection, before: float, limit: int) -> int:
    """Delete up to `limit` rows of days that ended before `before`; how many there were."""
    expired = "SELECT day, digest FROM seen WHERE day < ? LIMIT ?"
    delete = f"DELETE FROM seen WHERE (day, digest) IN ({expired})"  # noqa: S608 - no value in it
    return connection.execute(delete, (int(before // DAY), limit)).rowcount
