"""Deletes dead letters and kept calls that are too old, or that take too much room."""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import TypeAlias

from . import dead_letters
from .clock import UNSET_BEFORE, Clock
from .sql import IN_LIST, json_list

_SLICE = 500
"""Dead letters and calls deleted in one transaction, so that no append waits long for it."""

_FREE = "always_kept AND NOT EXISTS (SELECT 1 FROM dead_letter WHERE call = call.id)"
"""Calls that go by themselves; any other goes with its last dead letter."""
_OLD = {
    "dead_letter": "SELECT id FROM dead_letter WHERE source = ? AND at < ? ORDER BY at LIMIT ?",
    "call": f"SELECT id FROM call WHERE source = ? AND at < ? AND {_FREE} ORDER BY at LIMIT ?",  # noqa: S608
}
_UNSET = (
    "UPDATE dead_letter SET at = ? WHERE source = ? AND at < ?",
    "UPDATE call SET at = ? WHERE source = ? AND always_kept AND at < ?",
)
_LARGEST = "SELECT id, name, max(kept_bytes), sum(kept_bytes) FROM source"
_OLDEST_LETTER = "SELECT at, 'dead_letter', id FROM dead_letter WHERE source = ? ORDER BY 1 LIMIT 1"
_OLDEST_CALL = f"SELECT at, 'call', id FROM call WHERE source = ? AND {_FREE} ORDER BY 1 LIMIT 1"  # noqa: S608
_OLDEST = f"SELECT * FROM ({_OLDEST_LETTER}) UNION ALL SELECT * FROM ({_OLDEST_CALL}) ORDER BY 1 LIMIT 1"  # noqa: S608

Removals: TypeAlias = Counter[tuple[str, str, str]]
"""How many were deleted, by source, table (`dead_letter` or `call`) and reason (`age` or `size`)."""


def prune(connection: sqlite3.Connection, clock: Clock, age: float, size: int) -> Removals:
    """Delete some of what is older than `age` seconds or exceeds `size` bytes; nothing once all is done.

    Room is made at the cost of the source that takes most of it.
    """
    connection.execute("INSERT OR REPLACE INTO sweep VALUES (1, ?)", (clock.trusted(),))
    removals: Removals = Counter()
    sources = connection.execute("SELECT id, name FROM source ORDER BY name").fetchall()
    now = clock.expiring()
    for source, name in sources:
        if now >= UNSET_BEFORE:
            for restart in _UNSET:  # its age is not known, so that it begins now
                connection.execute(restart, (now, source, UNSET_BEFORE))
        for table, query in _OLD.items():
            left = _SLICE - removals.total()
            ids = [row[0] for row in connection.execute(query, (source, now - age, left))]
            _delete(connection, table, ids)
            removals[name, table, "age"] += len(ids)
    while removals.total() < _SLICE:
        source, name, _, total = connection.execute(_LARGEST).fetchone()
        oldest = connection.execute(_OLDEST, (source, source)).fetchone() if (total or 0) > size else None
        if oldest is None:
            break
        _, table, id_ = oldest
        _delete(connection, table, [id_])
        removals[name, table, "size"] += 1
    return +removals


def _delete(connection: sqlite3.Connection, table: str, ids: list[int]) -> None:
    if table == "dead_letter":
        dead_letters.drop(connection, ids)
    else:
        connection.execute(f"DELETE FROM call WHERE id {IN_LIST}", (json_list(ids),))  # noqa: S608 - no value in it
