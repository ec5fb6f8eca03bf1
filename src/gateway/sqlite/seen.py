"""What was accepted within the window: an event's identity in, whether it is a duplicate out."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Container

DAY = 86400


def digest(source: str, message_id: str) -> bytes:
    """What a duplicate has in common with the event it repeats: 16 bytes."""
    return hashlib.blake2b(f"{source}\0{message_id}".encode(), digest_size=16).digest()


class Window:
    """The time before `now` in which a messageId is accepted once."""

    def __init__(
        self, connection: sqlite3.Connection, now: float, seconds: float, exempt: Container[bytes]
    ) -> None:
        """`exempt` are digests accepted although they were seen."""
        self._connection = connection
        self._now = now
        self._start = now - seconds
        self._exempt = exempt
        self._days = range(int(self._start // DAY), int(now // DAY) + 2)  # one more, for a clock set back
        marks = ", ".join("?" * len(self._days))
        self._seen = f"SELECT 1 FROM seen WHERE day IN ({marks}) AND digest = ? AND at > ?"  # noqa: S608 - marks

    def accepts(self, source: str, message_id: str) -> bool:
        """Whether this is the first one of its identity; from now on it is not."""
        key = digest(source, message_id)
        found = self._connection.execute(self._seen, (*self._days, key, self._start)).fetchone()
        if found and key not in self._exempt:
            return False
        values = int(self._now // DAY), key, self._now
        self._connection.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", values)
        return True


def forget(connection: sqlite3.Connection, before: float, limit: int) -> int:
    """Delete up to `limit` rows of days that ended before `before`; how many there were."""
    expired = "SELECT day, digest FROM seen WHERE day < ? LIMIT ?"
    delete = f"DELETE FROM seen WHERE (day, digest) IN ({expired})"  # noqa: S608 - no value in it
    return connection.execute(delete, (int(before // DAY), limit)).rowcount
