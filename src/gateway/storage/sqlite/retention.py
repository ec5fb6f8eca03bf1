"""What is too old or too much in, deleted in slices so short that no append waits long for one."""

from __future__ import annotations

import sqlite3
import time

from .dedup import forget

_SLICE = 500

_OLDEST = """
    SELECT * FROM (SELECT at, 'letter', id FROM letter ORDER BY id LIMIT 1)
    UNION ALL SELECT * FROM (SELECT at, 'call', id FROM call ORDER BY id LIMIT 1)
    ORDER BY 1, 2 DESC LIMIT 1"""  # a letter before its call, which goes with its last letter


def prune_seen(connection: sqlite3.Connection, window: float) -> bool:
    """Forget what was accepted before the window; whether there may be more."""
    return forget(connection, time.time() - window, _SLICE) == _SLICE


def prune_letters(connection: sqlite3.Connection, age: float, size: int) -> bool:
    """Delete the oldest letters and calls, past `age` seconds or `size` bytes; whether there may be more."""
    before = time.time() - age
    for _ in range(_SLICE):
        oldest = connection.execute(_OLDEST).fetchone()
        (kept,) = connection.execute("SELECT bytes FROM kept").fetchone()
        if oldest is None or (oldest[0] >= before and kept <= size):
            return False
        _, table, id_ = oldest
        connection.execute(f"DELETE FROM {table} WHERE id = ?", (id_,))  # noqa: S608 - one of the two above
    return True
