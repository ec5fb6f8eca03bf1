"""Counts what a store holds, at a cost that does not grow with it."""

from __future__ import annotations

import sqlite3

from ..records import StoreCounts
from .files import StoreFiles
from .queue import BUCKETS
from .space import pages_of, space_of
from .sql import json_list

_BY_SOURCE = """SELECT name, undelivered, dead_letters, undelivered_bytes + kept_bytes
    FROM source ORDER BY name"""
# The first of each bucket, by its index, and the oldest of these.
_OLDEST_BY_SOURCE = """SELECT name, accepted_at FROM source AS source_ JOIN event ON seq = (SELECT min((
    SELECT seq FROM event WHERE source = source_.id AND bucket = value ORDER BY seq LIMIT 1
    )) FROM json_each(?)) WHERE undelivered > 0"""


def counts(connection: sqlite3.Connection, files: StoreFiles) -> StoreCounts:
    """How much is kept: from counters that triggers maintain, and the ends of an index."""
    file, log = files.check()
    rows = connection.execute(_BY_SOURCE).fetchall()
    oldest = connection.execute("SELECT accepted_at FROM event ORDER BY seq LIMIT 1").fetchone()
    return StoreCounts(
        undelivered=sum(undelivered for _, undelivered, *_ in rows),
        oldest=oldest[0] if oldest else None,
        dead_letters=sum(letters for *_, letters, _ in rows),
        bytes=file + log,
        by_source={name: (undelivered, letters) for name, undelivered, letters, _ in rows},
        bytes_by_source={name: size for name, *_, size in rows},
        oldest_by_source=dict(connection.execute(_OLDEST_BY_SOURCE, (json_list(range(BUCKETS)),))),
        space=space_of(connection, pages_of(connection), log),
    )
